"""Words that say little by themselves: everyday verbs and fillers that stop-word lists leave out, and general nouns."""

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
vol aprox approx etc http https www com org net html usd eur gbp mxn fcfa brl re fwd cc ref nif cif iban asunto assunto
arose ate awoke beat became befell began blew broke brought built bought caught chose clung crept dealt drew drank drove
dug fed fled flew forbade forgot forgave froze grew heard hid hurt kept knew laid led lent lit lost meant met overcame
paid ran rang read rode rose sang sank sat sent shook shone shot shrank shut slept slid spoke spent spun stole stood
strove struck stuck stung sung swam swept swore swung taught tore threw took understood undertook upheld went withdrew
withheld withstood woke wore wove wrote written given taken seen done gone known shown grown drawn chosen broken spoken
driven risen fallen eaten hidden ridden proven sworn thrown torn worn
tonne tonnes tons litre litres liter liters gram grams kilo kilos hectare hectares inch inches feet mile miles acre
acres dozen dozens daily weekly monthly yearly tonelada toneladas litro litros gramo gramos kilogramos
hectáreas millas docena docenas gramas quilo quilos quilómetros quilômetros dúzia dúzias grammes hectares douzaine
enviado exmos exma senhores señores sras kb mb gb kg km cm mm sep oct nov dec
"""

# What any document may speak of, and few are about: people in their offices, parts of papers, matters of work.
_GENERAL = """
meeting meetings office offices question questions history information change changes person persons people company
companies business group groups team teams project projects work works task tasks service services system systems
process processes problem problems result results effect effects objective objectives aim aims method methods
methodology study studies analysis research background introduction conclusion conclusions discussion report reports
document documents page pages section sections article articles clause paragraph list table tables figure figures
version versions name names address subject total amount amounts price quantity item items unit units date dates time
period experience profile skills education language languages chair chairman chairwoman clerk secretary president
director directors manager managers member members staff author authors reader readers customer customers client
clients provider supplier party parties user users owner owners example examples level area areas zone place places
site sites city town country countries world government state order point points idea ideas reason reasons life
home house hand side line lines start step steps stage data value values rate measure measures target
activity activities component components participant participants sample samples response management
reunión reuniones oficina pregunta preguntas historia información cambio cambios persona personas gente empresa
empresas compañía negocio grupo grupos equipo equipos proyecto proyectos trabajo trabajos tarea tareas servicio
servicios sistema sistemas proceso procesos problema problemas resultado resultados objetivo objetivos método métodos
metodología estudio estudios análisis investigación antecedentes introducción conclusión conclusiones discusión
informe documento documentos página páginas sección artículo artículos cláusula párrafo lista tabla figura versión
nombre dirección total importe cantidad precio unidad unidades fecha tiempo período periodo experiencia perfil
formación idioma idiomas presidente presidenta secretario secretaria director directora gerente miembro miembros
personal autor autores lector lectores cliente clientes proveedor usuario usuarios ejemplo ejemplos nivel área áreas
zona sitio ciudad país países mundo gobierno estado orden idea ideas razón vida casa mano lado línea líneas final
inicio paso pasos etapa datos valor valores tasa medida medidas meta actividad actividades componente componentes
participantes muestra respuesta gestión
réunion réunions séance bureau histoire informations changement changements personne personnes gens entreprise
entreprises société groupe groupes équipe équipes projet projets travail tâche système systèmes processus problème
problèmes résultat résultats effet effets objectif objectifs méthode méthodes méthodologie étude études analyse
recherche contexte rapport tableau nom adresse objet montant quantité unité unités date temps période expérience
profil langue langues ordre président présidente secrétaire directeur directrice gérant membre membres personnel
auteur auteurs lecteur lecteurs fournisseur utilisateur utilisateurs exemple exemples niveau lieu lieux ville pays
monde gouvernement état idée raison vie maison main côté ligne lignes fin début étape étapes données valeur valeurs
taux mesure mesures cible activité activités échantillon réponse gestion
reunião reuniões escritório pergunta perguntas história informação informações mudança mudanças pessoa pessoas
companhia equipe equipa equipes projeto projetos trabalho trabalhos tarefa serviço serviços efeito efeitos
metodologia estudo estudos análise pesquisa introdução conclusão conclusões discussão relatório seção secção artigo
artigos parágrafo tabela versão nome endereço quantidade preço unidade data experiência secretário secretária diretor
diretora membro pessoal leitor fornecedor usuário usuários utilizador utilizadores exemplo exemplos nível lugar
cidade mundo governo ordem ideia razão casa mão linha linhas fim início etapa dados taxa atividade atividades
amostra resposta gestão
"""


@cache
def _weak() -> frozenset[str]:
    return frozenset(_WEAK.split())


def is_weak(word: str) -> bool:
    """Tell whether lower-case *word* never makes a keyword and never begins or ends one."""
    return word in _weak()


@cache
def _general() -> frozenset[str]:
    return frozenset(_GENERAL.split())


def is_general(word: str) -> bool:
    """Tell whether lower-case *word* alone hardly says what a text is about."""
    return word in _general()
