"""
What the form of a word gives away: a name, an ordinary noun, a verb.

Rules of thumb about endings, used only to weigh evidence. None of them knows
the text, so none may decide alone.
"""

import re
from functools import lru_cache

_ORDINARY = {
    "es": r"(?:ci[oó]n|siones|ciones|sión|encia|encias|ancia|ancias|miento|mientos|idad|idades|ismo|ismos|logía|logías"
    r"|ura|uras|aje|ajes|ente|entes|ante|antes|able|ables|ible|ibles|iva|ivas|ivo|ivos|ica|icas|ico|icos|oso|osa"
    r"|osos|osas|ial|iales|nal|nales|ural|urales|tor|tora|tores|dor|dora|dores|ado|ada|ados|adas|ido|ida|idos|idas"
    r"|ería|erías)",
    "en": r"(?:tion|tions|sion|sions|ment|ments|ness|ity|ities|ence|ances|ance|ing|ings|ism|ous|ive|able|ible|ial|nal"
    r"|ical|ships?|ology|ful|less|ware|wise|ures?|ators?|ments?|ized|ised)",
    "fr": r"(?:tions?|sions?|ments?|ités?|ences?|ances?|ismes?|logies?|ures?|ages?|eurs?|euses?|ables?|ibles?|ifs?"
    r"|ives?|iques?|ielles?|iels?|ales?|aux|ées?|ants?|ents?)",
    "pt": r"(?:ção|ções|são|sões|ência|ências|ância|âncias|mento|mentos|idade|idades|ismo|ismos|logia|logias|ura|uras"
    r"|agem|agens|ente|entes|ante|antes|ável|áveis|ível|íveis|iva|ivas|ivo|ivos|ica|icas|ico|icos|oso|osa|ial|iais"
    r"|nal|nais|dor|dora|dores|tor|tores|ado|ada|ados|adas|ido|ida|idos|idas|aria|arias)",
}
_FINITE = {
    "es": r"(?:\w{2,}(?:ó|aron|ieron|aba|aban|ará|arán|erá|erán|irán|aría|arían|ería[ns]|iendo"
    r"|yendo|ándose|iéndose"
    r"|arse|erse"
    r"|irse|arlo|arla|amos|emos|imos|[^\W_]{3,}(?:an|en))|\w{4,}ando)",
    "en": r"\w{2,}(?:n't|'ll|'ve|'re)",
    "fr": r"\w{3,}(?:aient|ait|èrent|eront|erait|eraient|issent|issait|ons|ez)",
    "pt": r"\w{2,}(?:ou|aram|eram|iram|ava|avam|ará|arão|erá|erão|aria|ariam|ando|endo|indo|armos|amos|emos|[^\W_]{2,}am|[^\W_]{2,}[^g\W]em)",
}
_BASE_FORM = {
    "es": r"\w{2,}(?:[bcdfghjkmnpqrstvyz]ar|[bcdfghjklmnpqrstvyz]er|[bcdfghjklmnpqrstvyz]ir)",
    "en": r"\w{3,}(?:ed|ing)",
    "fr": r"\w{3,}(?:er|ir)",
    "pt": r"\w{3,}(?:ar|er|ir)",
}
_NOUN_LIST = """
lugar hogar poder mujer taller placer deber nivel azúcar militar solar bienestar ser mar líder cráter carácter
mayor menor mejor peor familiar celular nuclear singular similar popular particular escolar bar par ayer
alquiler máster building billing banking engineering marketing training housing funding hearing meeting
learning computing processing manufacturing pricing planning training shipping testing monitoring king ring
spring string wing evening morning thing need seed feed speed breed united red bed manifest premier dernier
métier papier atelier chantier dossier fichier hiver avenir plaisir loisir désir mer fer leader particulier
loyer foyer cahier quartier courrier février janvier lugar lar mar colar mulher qualquer parecer escolar
militar saber prazer habitación ramos tramos extremos términos haz segundo fundo mundo mando bando comando
contrabando dividendo imagen imágenes examen orden virgen joven origen margen volumen resumen régimen crimen
dictamen certamen almacén alemán plan gran titan huracan catalan almacen abdomen germen polen himen cartagena
homem ordem jovem nuvem item garagem vantagem também saisons maisons raisons poissons garçons leçons chez nez
assez dez grupo
"""
_NOUNS_AFTER_ALL = frozenset(_NOUN_LIST.split())
_ADVERB = {"es": "mente", "pt": "mente", "fr": "ment", "en": "ly"}
_NOT_ADVERB_LIST = """
family supply assembly july italy reply monopoly anomaly butterfly jelly ally rally belly mente simiente
clemente semente
"""
_ADVERBS_NOT = frozenset(_NOT_ADVERB_LIST.split())
_SHORTEST_ADVERB = 6
_REMEMBERED = 20_000

_ORDINARY_RE = {code: re.compile(rf"\w{{2,}}{pattern}") for code, pattern in _ORDINARY.items()}
_FINITE_RE = {code: re.compile(pattern) for code, pattern in _FINITE.items()}
_BASE_FORM_RE = {code: re.compile(pattern) for code, pattern in _BASE_FORM.items()}
_MIXED = re.compile(r".*(?:[^\W\d_][\d]|\d[^\W\d_]|[a-zà-ÿ][A-ZÀ-Þ])|.+[+#]$")


def is_coined(word: str) -> bool:
    """Tell whether *word* is written like a product: `FastAPI`, `GPT-4`, `C++`."""
    return len(word) > 1 and _MIXED.match(word) is not None


def is_acronym(word: str) -> bool:
    """Tell whether *word* is all capitals (dots allowed), two to seven letters long."""
    letters = word.replace(".", "").replace("-", "")
    return 1 < len(letters) <= 7 and letters.isalpha() and letters.isupper()  # noqa: PLR2004 (as the docstring says)


@lru_cache(_REMEMBERED)
def is_ordinary(word: str, language: str) -> bool:
    """Tell whether lower-case *word* ends like a common noun or adjective of *language*."""
    pattern = _ORDINARY_RE.get(language)
    return pattern is not None and pattern.fullmatch(word) is not None


@lru_cache(_REMEMBERED)
def is_finite_verb(word: str, language: str) -> bool:
    """Tell whether lower-case *word* ends like a conjugated verb of *language*."""
    pattern = _FINITE_RE.get(language)
    return pattern is not None and word not in _NOUNS_AFTER_ALL and pattern.fullmatch(word) is not None


@lru_cache(_REMEMBERED)
def is_base_verb(word: str, language: str) -> bool:
    """Tell whether lower-case *word* ends like an infinitive or participle that is seldom a noun."""
    pattern = _BASE_FORM_RE.get(language)
    return pattern is not None and word not in _NOUNS_AFTER_ALL and pattern.fullmatch(word) is not None


@lru_cache(_REMEMBERED)
def is_adverb(word: str, language: str) -> bool:
    """Tell whether lower-case *word* ends like an adverb of *language*; French `-ment` also makes nouns."""
    ending = _ADVERB.get(language)
    if ending is None or language == "fr" or word in _ADVERBS_NOT:
        return False
    return len(word) >= _SHORTEST_ADVERB and word.endswith(ending)
