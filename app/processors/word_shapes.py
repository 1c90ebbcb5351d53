"""
What the form of a word gives away: a name, an ordinary noun, a verb.

Rules of thumb about endings, used only to weigh evidence. None of them knows
the text, so none may decide alone.
"""

import re

_ORDINARY = {
    "es": "ción ciones sión siones encia encias ancia ancias miento mientos idad idades ismo ismos logía logías ura "
    "uras aje ajes ente entes ante antes able ables ible ibles iva ivas ivo ivos ica icas ico icos oso osa osos "
    "osas ial iales nal nales ural urales tor tora tores dor dora dores ado ada ados adas ido ida idos idas ería "
    "erías",
    "en": "tion tions sion sions ment ments ness ity ities ence ances ance ing ings ism ous ive able ible ial nal ical "
    "ship ships ology ful less ware wise ure ures ator ators ized ised",
    "fr": "tion tions sion sions ment ments ité ités ence ences ance ances isme ismes logie logies ure ures age ages "
    "eur eurs euse euses able ables ible ibles if ifs ive ives ique iques ielle ielles iel iels ale ales aux ée "
    "ées ant ants ent ents",
    "pt": "ção ções são sões ência ências ância âncias mento mentos idade idades ismo ismos logia logias ura uras agem "
    "agens ente entes ante antes ável áveis ível íveis iva ivas ivo ivos ica icas ico icos oso osa ial iais nal "
    "nais dor dora dores tor tores ado ada ados adas ido ida idos idas aria arias",
}
_FINITE = {
    "es": "ó aron ieron aba aban ará arán erá erán irán aría arían erían iendo yendo ándose iéndose arse erse irse "
    "arlo arla amos emos imos an en ando",
    "en": "n't 'll 've 're",
    "fr": "aient ait èrent eront era ira erait eraient issent issait ons ez",
    "pt": "ou aram eram iram ava avam ará arão erá erão aria ariam ando endo indo armos amos emos am em",
}
_BASE_FORM = {"es": "ar er ir", "en": "ed ing", "fr": "er ir é", "pt": "ar er ir"}
_NOUN_ENDINGS = {"es": "lar liar", "en": "eed", "fr": "té", "pt": "gem lar"}
_NOUN_LIST = """
marché café carré employé thé passé degré congé blé clé abbé procédé traité énoncé arrêté musée armée année idée dia
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
_SHORTEST = 4

_ORDINARY_ENDS = {code: tuple(ends.split()) for code, ends in _ORDINARY.items()}
_FINITE_ENDS = {code: tuple(ends.split()) for code, ends in _FINITE.items()}
_BASE_ENDS = {code: tuple(ends.split()) for code, ends in _BASE_FORM.items()}
_NOUN_ENDS = {code: tuple(ends.split()) for code, ends in _NOUN_ENDINGS.items()}
_PLACE_SHAPES = {
    "es": r"(?:villa|valde|torre|peña|puebla|fuente)\w{4,}|.+ (?:del campo|de abajo|de arriba|del monte|del río"
    r"|de la sierra|de la frontera|del rey|del duque|de los caballeros|del páramo|del puerto|de la vega|del valle)",
    "en": r"\w{3,}(?:ton|ham|bury|ford|wick|borough|burgh|port|mouth|shire|stead|combe|minster|ville|thorpe|dale)"
    r"|\w+-(?:on|upon|in|under|by|le|next)-[\w-]+",
    "fr": r"sainte?-[\w'-]+|(?:plou|ker|lan)\w{4,}|[\w-]{3,}(?:ville|court|villers|bourg|fontaine|heim)"
    r"|[\w-]+-(?:sur|en|lès|sous|aux)-?[\w-]+",
    "pt": r"vila \w+|.+ (?:do campo|de baixo|de cima|do monte|do rio|da serra|da beira|do sul|do norte|dos vinhos)",
}
_PLACE_PATTERNS = {code: re.compile(shape) for code, shape in _PLACE_SHAPES.items()}
_FAMILY = re.compile(r"(?:Ma?c|Fitz|De|Di|Da|La|Le|Van|Von)[A-Z][a-z]+(?:-[A-Z][a-z]+)?$")
"""`MacDougall`, `LeBlanc`: names with a capital inside."""
_MIXED = re.compile(r".*?(?:[^\W\d_][\d]|\d[^\W\d_]|[a-zà-ÿ][A-ZÀ-Þ])|.+[+#]$")


def is_place_like(name: str, language: str) -> bool:
    """Tell whether lower-case *name* is formed like those of towns and villages: `Thornbury`, `Villarejo del Monte`."""
    return _PLACE_PATTERNS[language].fullmatch(name) is not None if language in _PLACE_PATTERNS else False


def is_coined(word: str) -> bool:
    """Tell whether *word* is written like a product: `FastAPI`, `GPT-4`, `C++`."""
    return len(word) > 1 and _MIXED.match(word) is not None and _FAMILY.match(word) is None


def is_acronym(word: str) -> bool:
    """Tell whether *word* is all capitals (dots allowed), two to seven letters long."""
    letters = word.replace(".", "").replace("-", "")
    return 1 < len(letters) <= 7 and letters.isalpha() and letters.isupper()  # noqa: PLR2004 - as the docstring says


def is_ordinary(word: str, language: str) -> bool:
    """Tell whether lower-case *word* ends like a common noun or adjective of *language*."""
    return len(word) > _SHORTEST and word.endswith(_ORDINARY_ENDS.get(language, ()))


def is_finite_verb(word: str, language: str) -> bool:
    """Tell whether lower-case *word* ends like a conjugated verb of *language*."""
    return _ends_like_verb(word, language, _FINITE_ENDS.get(language, ()))


def is_base_verb(word: str, language: str) -> bool:
    """Tell whether lower-case *word* ends like an infinitive or participle that is seldom a noun."""
    return _ends_like_verb(word, language, _BASE_ENDS.get(language, ()))


def is_adverb(word: str, language: str) -> bool:
    """Tell whether lower-case *word* ends like an adverb of *language*; French `-ment` also makes nouns."""
    ending = _ADVERB.get(language)
    if ending is None or language == "fr" or word in _ADVERBS_NOT:
        return False
    return len(word) >= _SHORTEST_ADVERB and word.endswith(ending)


def _ends_like_verb(word: str, language: str, endings: tuple[str, ...]) -> bool:
    if len(word) <= _SHORTEST or not word.endswith(endings) or word.endswith(_NOUN_ENDS.get(language, ())):
        return False
    return word not in _NOUNS_AFTER_ALL
