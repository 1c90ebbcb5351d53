"""What money is called: signs, codes and names, and which dollar or peso a text means."""

import re

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
_HOMES = {
    "USD": r"US\$|USD|United States|U\.S\.|USA|Washington|New York|California|Texas|Florida|Illinois|Ohio|Delaware"
    r"|Pennsylvania|Michigan|New Jersey|Virginia|Arizona|Tennessee|Indiana|Missouri|Maryland|Wisconsin|Colorado"
    r"|Massachusetts|Minnesota|Oregon|Nevada|Utah|Iowa|Kansas|Alabama|Louisiana|Kentucky|Oklahoma|Connecticut"
    r"|North Carolina|South Carolina|Estados Unidos|États-Unis|dólares",
    "MXN": r"MXN|MX\$|México|Mexico|CDMX|pesos mexicanos",
    "COP": r"COP|Colombia|colombian[oa]s?",
    "ARS": r"ARS|Argentina|argentin[oa]s?",
    "CLP": r"CLP|Chile|chilen[oa]s?",
    "UYU": r"UYU|Uruguay",
    "CAD": r"CAD|Canad[aá]|Canadian|Québec|Quebec|Ontario|canadiens?",
    "AUD": r"AUD|Australian?|New South Wales|Queensland",
    "NZD": r"NZD|New Zealand",
    "SGD": r"SGD|Singapore|Singapur",
    "HKD": r"HKD|Hong Kong",
}
_CODES_OF_HOMES = {code: re.compile(words) for code, words in _HOMES.items()}
_HOME = re.compile(rf"\b(?:{either('|'.join(_HOMES.values()).split('|'))})(?!\w)")
_LOCAL = re.compile(r"[$pPdD](?:(?<=\$)|(?i:eso|ollar|[oó]lar))")
_PESO = re.compile(r"(?<!\w)pesos(?!\w)")
_MOST_HOMES = 200


def local_money(text: str) -> dict[str, str]:
    """Say what `$`, a dollar and a peso are in this text: nothing, if it speaks of several countries that have them."""
    if _LOCAL.search(text) is None:
        return {}
    homes: set[str] = set()
    for count, match in enumerate(_HOME.finditer(text)):
        homes.add(next(code for code, words in _CODES_OF_HOMES.items() if words.fullmatch(match.group())))
        if count == _MOST_HOMES:
            break
    if len(homes) != 1:
        return {}
    [home] = homes
    if home == "USD" and _PESO.search(text):
        return {}
    is_peso = home in {"MXN", "COP", "ARS", "CLP", "UYU"}
    if is_peso:
        return dict.fromkeys(("$", "pesos", "peso"), home)
    return dict.fromkeys(("$", "dollars", "dollar", "dólares", "dólar"), home)
