"""What money is called: signs, codes and names, and which dollar or peso a text means."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

from app.processors.alternatives import either

SIGNS: dict[str, str | None] = {
    "US$": "USD", "U$S": "USD", "USD$": "USD", "R$": "BRL", "MX$": "MXN", "A$": "AUD", "C$": "CAD", "CA$": "CAD",
    "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "S/.": "PEN", "S/": "PEN", "Bs.": "BOB", "Bs": "BOB",
    "€": "EUR", "£": "GBP", "$": None, "¥": None, "₹": "INR", "₽": "RUB", "₿": "BTC", "₡": "CRC", "₦": "NGN",
    "₩": "KRW", "₺": "TRY", "₴": "UAH", "₫": "VND", "₱": None, "₲": "PYG", "₵": "GHS", "฿": "THB", "₪": "ILS",
    "₸": "KZT",
}  # fmt: skip
_CODE_LIST = (
    "EUR USD GBP JPY CHF CAD AUD NZD MXN ARS CLP COP PEN BRL CNY RMB INR SEK NOK DKK PLN CZK HUF RON BGN UYU PYG BOB "
    "VES CRC GTQ HNL NIO DOP CUP RUB UAH TRY ILS AED SAR QAR EGP MAD DZD TND XOF XAF FCFA ZAR NGN GHS KES UGX TZS ETB "
    "RWF AOA MZN CVE KRW SGD HKD TWD THB IDR MYR PHP VND PKR BDT BTC"
)
CODES = {code: code for code in _CODE_LIST.split()} | {"RMB": "CNY", "FCFA": None}
NAMES: dict[str, str | None] = {
    "euros": "EUR", "euro": "EUR", "dólares estadounidenses": "USD", "us dollars": "USD", "u.s. dollars": "USD",
    "dólares americanos": "USD", "dollars américains": "USD", "american dollars": "USD", "dollars us": "USD",
    "dólares canadienses": "CAD", "canadian dollars": "CAD", "dollars canadiens": "CAD", "australian dollars": "AUD",
    "dólares australianos": "AUD", "libras esterlinas": "GBP", "livres sterling": "GBP", "pounds sterling": "GBP",
    "sterling": "GBP", "pesos mexicanos": "MXN", "pesos argentinos": "ARS", "pesos chilenos": "CLP",
    "pesos colombianos": "COP", "pesos uruguayos": "UYU", "pesos dominicanos": "DOP", "pesos cubanos": "CUP",
    "mexican pesos": "MXN", "francos suizos": "CHF", "francs suisses": "CHF", "swiss francs": "CHF",
    "francos suíços": "CHF", "francs cfa": None, "cfa francs": None, "francos cfa": None, "fcfa": None, "reales": "BRL",
    "reais": "BRL", "real": None, "yenes": "JPY", "yen": "JPY", "yens": "JPY", "ienes": "JPY", "yuanes": "CNY",
    "yuan": "CNY", "yuans": "CNY", "renminbi": "CNY", "rupias": None, "rupees": None, "roupies": None, "dólares": None,
    "dólar": None, "dollars": None, "dollar": None, "pesos": None, "peso": None, "libras": None, "pounds": None,
    "livres": None, "francos": None, "francs": None, "soles": "PEN", "nuevos soles": "PEN", "sol": None,
    "colones": "CRC", "quetzales": "GTQ", "lempiras": "HNL", "córdobas": "NIO", "balboas": "PAB", "guaraníes": "PYG",
    "bolivianos": "BOB", "bolívares": "VES", "kwanzas": "AOA", "meticais": "MZN", "escudos": None, "dirhams": None,
    "dinars": None, "dinares": None, "rand": "ZAR", "nairas": "NGN", "naira": "NGN", "cedis": "GHS", "shillings": None,
    "kenyan shillings": "KES", "ugandan shillings": "UGX", "birr": "ETB", "zlotys": "PLN", "zloty": "PLN",
    "kronor": "SEK", "kroner": None, "kronur": "ISK", "coronas": None, "couronnes": None, "coroas": None,
    "forints": "HUF", "złoty": "PLN", "lei": "RON", "leva": "BGN", "liras": None, "rublos": "RUB",
    "roubles": "RUB", "rubles": "RUB", "won": "KRW",
    "baht": "THB", "shekels": "ILS", "cents": None, "céntimos": None, "centavos": None, "centimes": None, "pence": None,
    "bitcoins": "BTC",
}  # fmt: skip
_DOLLARS = {
    "USD": r"US\$|USD|United States|U\.S\.|USA|Washington|New York|New England|California|Texas|Florida|Illinois|Ohio"
    r"|Delaware|Pennsylvania|Michigan|New Jersey|Virginia|Arizona|Tennessee|Indiana|Missouri|Maryland|Wisconsin"
    r"|Massachusetts|Minnesota|Oregon|Nevada|Utah|Iowa|Kansas|Alabama|Louisiana|Kentucky|Oklahoma|Connecticut|Maine"
    r"|Vermont|New Hampshire|Rhode Island|Nebraska|Idaho|Wyoming|Montana|Arkansas|Mississippi|Alaska|Hawaii|New Mexico"
    r"|North Carolina|South Carolina|North Dakota|South Dakota|Calif\.|Wash\.|Mass\.|Minn\.|Mich\.|Conn\.|Ill\.|Fla\."
    r"|Chicago|Seattle|Boston|Los Angeles|San Francisco|Houston|Estados Unidos|États-Unis",
    "CAD": r"CAD|Canad[aá]|Canadian|Québec|Quebec|Ontario|Alberta|British Columbia|canadiens?|canadienses?",
    "AUD": r"AUD|Australian?|New South Wales|Queensland|australianos",
    "NZD": r"NZD|New Zealand",
    "SGD": r"SGD|Singapore|Singapur",
    "HKD": r"HKD|Hong Kong",
}
_PESOS = {
    "MXN": r"MXN|MX\$|México|Mexico|CDMX|mexican[oa]s?",
    "COP": r"COP|Colombia|colombian[oa]s?",
    "ARS": r"ARS|Argentina|argentin[oa]s?|Buenos Aires",
    "CLP": r"CLP|Chile|chilen[oa]s?",
    "UYU": r"UYU|Uruguay|uruguay[oa]s?",
}
_FRANCS = {
    "XOF": r"Sénégal|Senegal|Côte d['\u2019]Ivoire|Ivory Coast|Costa de Marfil|Mali|Burkina Faso|Bénin"
    r"|Benin|Togo|Niger|BCEAO",
    "XAF": r"Cameroun|Cameroon|Camerún|Gabon|Gabón|Tchad|Congo|Centrafrique|BEAC",
}
_HOMES = _DOLLARS | _PESOS | _FRANCS
_CODES_OF_HOMES = {code: re.compile(words) for code, words in _HOMES.items()}
_HOME = re.compile(rf"\b(?:{either('|'.join(_HOMES.values()).split('|'))})(?!\w)")
_LOCAL = re.compile(r"[$pPdDfF](?:(?<=\$)|(?i:eso|ollar|[oó]lar|ranc|CFA))")
_PESO = re.compile(r"(?<!\w)pesos?(?!\w)")
_MOST_HOMES = 200
_MOST_SHARES = 3
"""A country is meant if two thirds of what is said of countries with such money speak of it."""


def local_money(text: str, language: str) -> dict[str, str]:
    """Say what `$`, a dollar, a peso and a CFA franc are in this text: nothing, if it may be that of two countries."""
    if _LOCAL.search(text) is None:
        return {}
    named = (match.group() for match in islice(_HOME.finditer(text), _MOST_HOMES))
    found = Counter(next(code for code, words in _CODES_OF_HOMES.items() if words.fullmatch(name)) for name in named)
    dollar, peso, franc = (_meant(found, homes) for homes in (_DOLLARS, _PESOS, _FRANCS))
    has_dollars = any(code in found for code in _DOLLARS)
    if language != "en" and not (has_dollars and dollar != "USD"):
        # In Spanish and Portuguese, a dollar is the American one unless another country is named.
        dollar = "USD"
    has_pesos = any(code in found for code in _PESOS) or _PESO.search(text) is not None
    is_peso = has_pesos and (language != "en" or not has_dollars or _PESO.search(text) is not None)
    sign = peso if is_peso else dollar if has_dollars else None
    units = {"$": sign, **dict.fromkeys(("pesos", "peso"), peso)}
    units |= dict.fromkeys(("dollars", "dollar", "dólares", "dólar"), dollar)
    units |= dict.fromkeys(("francs cfa", "cfa francs", "francos cfa", "fcfa"), franc)
    return {unit: code for unit, code in units.items() if code}


def _meant(found: Counter[str], homes: Iterable[str]) -> str | None:
    counts = {code: found[code] for code in homes if code in found}
    best = max(counts, key=lambda code: counts[code], default=None)
    return best if best and _MOST_SHARES * counts[best] >= (_MOST_SHARES - 1) * sum(counts.values()) else None
