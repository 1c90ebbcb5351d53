"""Words that say little by themselves: everyday verbs and fillers that stop-word lists leave out."""

from functools import cache

_WEAK = """
contiene contener incluye incluir permite permitir permiten existe existen realizar realiza realizado mediante
según través así dicho dicha dichos dichas etc vez veces forma manera caso casos cosa cosas tipo tipos parte
partes año años mes meses día días semana semanas hora horas momento punto lugar número uso vía pasado pasada
próximo próxima actual actuales nuevo nueva nuevos nuevas gran grande grandes mayor mayores menor mejor
mejores primer primera primero segundo segunda tercer tercera último última últimos últimas cada tanto demás
cuyo cuya cuyos puede pueden podrá podrán deberá deberán debe deben hace hacer haber sido ser estar está están
tener tiene tienen quedar queda quedan dar decir dijo explica explicó afirma señala anuncia millones miles
euros dólares pesos ciento prueba demostrar lunes martes miércoles jueves viernes sábado domingo enero febrero
marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre don doña señor señora sr sra
estimado estimada presente siguiente siguientes anterior anteriores mismo misma mismos mismas propio propia
respecto acuerdo efecto efectos don atentamente cordialmente saludo hemos acerca frente aunque mientras usted
ustedes llevar lleva poner seguir sigue encuentra encontrar busca buscar ofrece ofrecer supone suponer cuenta
contar espera esperar recibe recibir pide pedir include includes including contain contains contained provide
provides provided show shows shown use used uses using make makes made take takes taken give gives given get
gets help helps allow allows allowed become becomes need needs keep keeps let lets say says said tell told
year years month months week weeks day days hour hours time times way ways thing things lot part parts kind
kinds case cases number numbers new old big large small good great high low long short first second third last
next many much several different various certain able according whole recent recently today yesterday million
billion percent monday tuesday wednesday thursday friday saturday sunday january february march april may june
july august september october november december dear sincerely regards called based related due via also
however since around nearly roughly expected found find finds announced reported added including mr mrs ms dr
want wants went come comes came run runs put puts set sets work works worked remain remains start starts began
begin end ends call calls hold holds held plan plans shall contient contenir comprend comprendre permet
permettre permettent existe existent fait faire faite faits peut peuvent doit doivent devra pourra pourront
être avoir été ayant selon ainsi afin cas fois façon manière chose choses type types partie parties an ans
année années mois jour jours semaine semaines heure heures moment nombre nouveau nouvelle nouveaux nouvelles
grand grande grands grandes premier première deuxième dernier dernière derniers dernières plusieurs certain
certains certaine différents diverses millions milliards euros cent pour-cent lundi mardi mercredi jeudi
vendredi samedi dimanche janvier février mars avril mai juin juillet août septembre octobre novembre décembre
monsieur madame cher chère prochain prochaine présent présente suivant suivante même mêmes propre lors dont
tandis désormais environ près contém conter inclui incluir permite permitir permitem existe existem realizar
realiza fazer feito feita pode podem poderá deve devem deverá ser estar está estão ter tem têm foi foram dizer
disse segundo através assim caso casos vez vezes forma maneira coisa coisas tipo tipos parte partes ano anos
mês meses dia dias semana semanas hora horas momento número novo nova novos novas grande grandes maior maiores
menor melhor primeiro primeira último última últimos últimas cada tanto demais cujo milhões mil euros reais
dólares cento segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo janeiro fevereiro
março abril maio junho julho agosto setembro outubro novembro dezembro senhor senhora caro cara prezado
prezada presente seguinte seguintes anterior mesmo mesma próprio própria próximo próxima acordo além ainda
entre sobre após minutes minutos minuto segundos seconds minute hora heures kilómetros kilometres kilometers
metros metres litros mme mmes mlle srta dña prof exmo exma ltd inc pág págs núm art fig tel cap
vol aprox approx etc http https www com org net html
"""


@cache
def _weak() -> frozenset[str]:
    return frozenset(_WEAK.split())


def is_weak(word: str) -> bool:
    """Tell whether lower-case *word* never makes a keyword and never begins or ends one."""
    return word in _weak()
