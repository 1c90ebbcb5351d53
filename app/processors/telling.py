"""
How much a sentence tells: what a reader would note down from it.

Sums, dates and other figures, what was decided, found, recommended or is due,
and the words of the title. All of it is evidence about any document in the
four languages; what a document is about, it says itself by the words it repeats.
"""

import re

from app.processors.alternatives import either

_FIGURE = re.compile(r"\d")
_SUMS = """
eur usd gbp brl mxn fcfa cfa euros? pesos? d[oó]la(?:re|r)s? dollars? pounds? francs? soles rea(?:l|is)
mill(?:[oó]n|ones|ions?) milh(?:ão|ões) milliards? billions?
"""
_SUM = re.compile(rf"[$€£¥]|\b(?:{either(_SUMS.split(), any_case=True)})\b")
_SHARE = re.compile(r"%|[pP](?<!\w[pP])(?i:er ?cent|(?:or|our) ?cent(?:o|aje)?|or ciento)\b")

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
_LIMITS = (
    "antes del?",
    "hasta el",
    "a más tardar",
    "no later than",
    "until",
    "avant le",
    "jusqu'au",
    "au plus tard",
    "até",
)
_CUES = [rf"{stem}\w{{0,8}}" for stem in f"{_DECISIONS} {_FINDINGS} {_ADVICE} {_AIMS}".split()]
_CUE = re.compile(rf"\b(?:{either([*_CUES, *_LIMITS], any_case=True)})\b")

_MOST_TITLE_WORDS = 3

_COURTESY = r"""
thank you|thanks (?:for|to|again)|many thanks|we (?:regret|apologi[sz]e)|sorry (?:for|to|about)|hope (?:this|you|all)
look(?:ing)? forward|hesitate to|please find|at your disposal
(?:le|les|os|te) agrade\w+|agradec(?:emos|iendo|iéndo\w+)|muchas gracias|gracias por
lament(?:o|amos)|esper(?:o|amos) que
no dude|no duden|a su disposición|quedamos|quedo a|una disculpa
(?:je|nous) vous remerci\w+|merci (?:de|pour|d')|nous regrettons|veuillez (?:agréer|trouver|recevoir)|n'hésitez pas
à votre disposition|restons à
agradeço|muito obrigad[oa]|obrigad[oa] (?:por|pel)|não hesite\w*|ao (?:seu|vosso) dispor|à (?:sua|vossa) disposição
ficamos (?:a|à|ao)
"""
_SESSION = r"""
(?:minutes|acta|procès-verbal|compte rendu|ata)\b.{1,60}\b(?:agreed|approved|signed|apr[ou][bv]\w+|aprueb\w+|approuv\w+)
(?:meeting|session|sesión|reunión|séance|réunion|sessão|reunião) (?:was |is |est |foi |é )?(?:ended|closed|opened)
séance (?:est )?(?:levée|ouverte)|sessão (?:foi )?(?:encerrada|aberta)|lève la séance
(?:levanta|abre|encerr\w+) (?:la|a) (?:sesión|reunión|sessão|reunião)|^next meeting
"""
FORMULA = re.compile(
    rf"\b(?:{'|'.join([*_COURTESY.strip().splitlines(), *_SESSION.strip().splitlines()])})\b", re.IGNORECASE
)
"""What letters open and close with, and how meetings begin and end."""

IMPERSONAL = re.compile(
    r"(?:it (?:is|was|has been|will be) \w+(?:ed|en) (?:to|that)|there (?:is|are|was|were|will) "
    r"|il (?:est|a été|sera) \w+é|il (?:convient|faut|faudra|y a) )",
    re.IGNORECASE,
)
"""What opens with a pronoun that stands for nothing."""


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
