"""
How much a sentence tells: what a reader would note down from it.

Sums, dates and other figures, what was decided, found, recommended or is due,
and the words of the title. All of it is evidence about any document in the
four languages; what a document is about, it says itself by the words it repeats.
"""

import re

_FIGURE = re.compile(r"\d")
_SUM = re.compile(
    r"[$€£¥]|\b(?:EUR|USD|GBP|BRL|MXN|F?CFA|euros?|pesos?|d[oó]la(?:re|r)s?|dollars?|pounds?|francs?|soles|rea(?:l|is)|"
    r"mill(?:[oó]n|ones|ions?)|milh(?:ão|ões)|milliards?|billions?)\b",
    re.IGNORECASE,
)
_SHARE = re.compile(r"%|\bper ?cent\b|\bp(?:or|our) ?cent(?:o|aje)?\b|\bpor ciento\b", re.IGNORECASE)

_DECISIONS = """
aprob aprueb acord acuerd decid resolv resuelv adjudic conced autoriz rechaz desestim conden prohíb prohib
approv agree decided resolve award grant authori[sz] reject dismiss order forbid appoint elect voted
approuv adopt décid retenu accord attribu autoris rejet condamn confirm interdi nomm
aprov decidi delib adjudic autoriz rejeit indefer nome proíb
"""
_FINDINGS = """
conclu demostr demuestr muestr mostr result revel aument disminu reduj redu descend
conclud show found reveal result increase decrease reduce rise rose fell improve
montr résult révél augment baiss diminu rédui progress
demonstr mostr revel aument diminu
"""
_ADVICE = """
recomend recomiend propon propus solicit exig requier oblig deber[áía] plazo vence vencim
recommend propose suggest request require must shall deadline due expire
recommand propos demand exig doit doivent devr délai échéan expire
recomend propõe propor proposta pede exig deve dever prazo venc
"""
_AIMS = """
objetiv finalidad objective aim purpose objectif but visant
"""
_CUE = re.compile(
    rf"\b(?:{'|'.join(f'{_DECISIONS} {_FINDINGS} {_ADVICE} {_AIMS}'.split())})\w{{0,8}}\b"
    r"|\b(?:antes del?|hasta el|a más tardar|no later than|until|avant le|jusqu'au|au plus tard|até)\b",
    re.IGNORECASE,
)

_MOST_TITLE_WORDS = 3


def telling(sentence: str, title_words: int = 0) -> float:
    """Weigh *sentence* by what is in it; 1 if there is nothing of the kind. *title_words* is how many it shares."""
    return (
        1.0
        + 1.0 * bool(_FIGURE.search(sentence))
        + 0.6 * bool(_SUM.search(sentence))
        + 0.4 * bool(_SHARE.search(sentence))
        + 0.5 * bool(_CUE.search(sentence))
        + 0.15 * min(_MOST_TITLE_WORDS, title_words)
    )
