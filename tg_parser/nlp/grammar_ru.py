"""Russian parts of speech by endings, a guess right far more often than not: what may stand in a key phrase."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal

from tg_parser.nlp.words import breakers, stem

Kind = Literal["noun", "adjective", "other"]

_ADJECTIVE = re.compile(
    r".{1,}(?:(?:ый|ая|няя|ое|ые|ого|ому|ую|юю|ых|ым|ыми|ою)"
    r"|[кгхшжчщ](?:ий|ие|его|ему|им|их|ими|ее|ей)|[дтжршз]н(?:ий|ие|его|ему|им|их|ими|ее)"
    r"|(?:[скцгхнв]к|н|ов|ев|ч|ш|щ)ой|(?:ск|цк|нн|льн|тн|чн|мн)ом)"
)
_NOT_ADJECTIVE = re.compile(
    r"(?:.*(?:[аеия]ни[ей]|логи[ей]|[рея]гий|рхий|ичие|рыш[ей]|ышей|охраной|охоты?ой|тиной|иной|ти[ей]|линией"
    r"|акци[ей]|ниц[аеы]й|стью)|.*много|напрямую|вручную|впустую|вдвое|втрое|отдых|выдох|вздох|по-прежнему|по-новому"
    r"|поэтому|китая|края|рая|трамвая|случая|урожая|мая|попугая|писком|списком|итого|статую|герой|покой|строй|застрой"
    r"|город.*ом|закон.?ом|район.?ом|сезоном|миллион.*ом|телефоном|регионом|патроном|балконом|вагоном|дроном|фоном"
    r"|тоном|доном"
    r"|стороной|страной|войной|женой|ценой|зоной|луной|стеной|весной|волной|тишиной|длиной|шириной|глубиной|половиной"
    r"|машиной|картиной"
    r"|причиной|женщиной|мужчиной|экономикой|рукой|рекой|наукой|основой|головой|дачей|задачей|передачей|кашей|крышей"
    r"|встречей|свечой|душой"
    r"|коммерсан.*|запятая|мостовая|кривая|прямая|кладовая|столовая|булочная|рабочий|ученые|ученый|ученых|ученого"
    r"|ученым|данные|данных|данным"
    r"|животное|животные|животных|насекомое|насекомые|насекомых|будущее|настоящее|прошлое|пожилых|вселенная|вселенной"
    r"|вселенную|млекопитающие|млекопитающих"
    r"|санаторий|сценарий|комментарий|алюминий|литий|натрий|кальций|критерий|гений|юбилей|музей|хоккей|рублей|людей"
    r"|детей|частей|идей|дней|вещей|врачей|ключей|мышей|овощей|товарищей)"
)
_PARTICIPLE = re.compile(r".*(?:[ющяау]щ|вш)(?:ий|ая|ее|ие|его|ему|им|ем|их|ими|ей|ую)(?:ся)?")
_NOT_PARTICIPLE = re.compile(
    r"(?:будущ|настоящ|следующ|общ|подходящ|ведущ|бывш|пострадавш|погибш|умерш|выживш|текущ|действующ|трудящ|учащ"
    r"|начинающ|вещ|хищ|свищ|горяч|окружающ|блестящ"
    r"|выдающ|угрожающ|служащ|верующ|млекопитающ|неработающ|правящ|операционн).*"
)
_VERB = re.compile(
    r".*(?:ться|тся|лся|лась|лось|лись|ешься|ишься|емся|имся|йтесь|итесь|йте|ась|ясь|вшись|вши|яет|ает|ует|юет|еет"
    r"|яют|ают|уют|еют|ишь|ешь"
    r"|ировал[аои]?|ывал[аои]?|ивал[аои]?|овал[аои]?|нул[аои]?|(?:за|от|с|на|рас|при|пере|у|по)крыл[аои]?|ишет|ишут"
    r"|ажет|ажут|ожет|огут|учит|учат|ается|яется|уется"
    r"|[иоу]вать|[аяиыу]ть|еть|йти|ести|уя|ая,|овано|ована|ованы|ирован|влен[аоы]|щен[аоы]|ждено|ждена|ждены|чен[оы]"
    r"|нен[аоы]|[кпс]лен[оы]"
    r"|иваем|ываем|уем|аем|яем|[вбдзлмнрст]им|[нй]дем|ажем|[бд]ерем|чнем|танем|ймем|ишем|бъем|сдел|[бвгджзлмнпршщч]ит"
    r"|[бвдзлмнпрст]ят|.{2}[жшч]ат|[гджкмнршй]ут)"
)
_PAST = re.compile(r".{1,}(?:[аяие]л[аои]?|шл[аои]|[езо]сл[аои]|[бв]ыл[аои]?|[оыау]йд[еу]т)")
_NOUN_IN_L = re.compile(
    r".*(?:канал|материал|журнал|сигнал|портал|капитал|финал|персонал|сериал|скандал|вокзал|минерал|потенциал"
    r"|терминал|генерал|филиал|квартал|арсенал"
    r"|оригинал|интервал|подвал|идеал|металл|кристалл|овал|завал|обвал|провал|карнавал|перевал|фестивал|театрал"
    r"|либерал|интеграл|ритуал|мемориал|мадригал|бал|зал|вал"
    r"|скал|шкал|начал|зеркал|одеял|похвал|могил|крокодил|автомобил|мобил|профил|текстил|дел|тел|отдел|раздел|предел"
    r"|модел|недел|цел|отел|постел"
    r"|панел|тоннел|картел|(?:[аи]|я)тел|апрел|кабел|мебел|щел|артел|роял|бриллиант|хрустал|фестиваль|мел|предел"
    r"|стрел|зал|детал|медал|педал|печал|эмал|февраль|феврал"
    r"|пенал|радикал|криминал|вертикал|вуал|морал|капилляр|дуэл|свекл|текил|ванил|горил|дебил|бразил|кобыл)[аоие]?"
    r"|(?:бес|под|много)?сил[аоы]?|тыл[аы]?|пыл|ил|фил|пил|вил[аы]|чили|стил[иея]|павел|михаил|даниил|чисел|осел"
    r"|козел|котел|узел|ангел|емел[яи]"
)
_NOUN_IN_T = re.compile(
    r".*(?:ость|[чл]есть|сеть|память|печать|кровать|нефть|ртуть|плоть|рукоять|тетрадь|благодать|область|[сб]айте"
    r"|кредит|аудит|лимит|визит|магнит|гранит|транзит|бандит|цит|метеорит|паразит|сателлит|термит|габарит|колорит"
    r"|фаворит|монолит|реквизит|депозит"
    r"|композит|алфавит|электролит|[кхбщ]ит|артрит|гастрит|дермит|ребят|[тн]ят|сят|плят|чат|маршрут|рекрут|фрут|редут"
    r"|кнут|хомут|якут|брут)"
    r"|нить|мать|путь|честь|есть|месть|медь|гладь|треть|зять|гать|рать|суть|правило?|правила|объем|подъем|прием|заем|съем"
    r"|режим|грим|крым|аноним|псевдоним|максим|экстрим|стрим|рим|интим|зим|десят|опят|взят"
)
_ADVERB = re.compile(r".{2,}(?:но|ко|ро|мо|хо|ивно|чески|ально|ично|ее)")
_NOUN_IN_O = re.compile(
    r"(?:.*(?:окно|кино|зерно|пятно|полотно|волокно|вино|сукно|бревно|яблоко|молоко|облако|войско|озеро|серебро|перо"
    r"|бедро|ведро|ядро|бюро|евро|метро|письмо|дерьмо|ухо|эхо"
    r"|ребро|нутро|седло|монако|марокко|тело|дно|казино|гумно|клеймо|ярмо|техно|демо|макро|микро|кофе|лего|трико|руно"
    r"|домино)|ядро|утро|нло)"
)


_OTHER = ((_VERB, _NOUN_IN_T), (_PAST, _NOUN_IN_L), (_ADVERB, _NOUN_IN_O))
"""Endings of what is neither noun nor adjective, each with the nouns that end alike."""


@lru_cache(maxsize=100_000)
def kind(word: str) -> Kind:
    """What `word` (lower case, ё as е) most probably is."""
    if word in breakers("ru") or stem(word, "ru") in _breaker_stems() or _is(word, _PARTICIPLE, _NOT_PARTICIPLE):
        return "other"
    if _is(word, _ADJECTIVE, _NOT_ADJECTIVE):
        return "adjective"
    return "other" if any(_is(word, pattern, unless) for pattern, unless in _OTHER) else "noun"


def _is(word: str, pattern: re.Pattern[str], unless: re.Pattern[str]) -> bool:
    return pattern.fullmatch(word) is not None and unless.fullmatch(word) is None


@lru_cache(maxsize=1)
def _breaker_stems() -> frozenset[str]:
    """Stems of the listed verbs alone: other short words share a stem with nouns."""
    return frozenset(
        stem(word, "ru") for word in breakers("ru") if word.endswith(("ть", "ться", "ти")) and len(word) > 5
    )


_AGREEMENT = (
    (("ый", "ий"), r"(?:[^аяоеыиую]|мя)"), (("ая", "яя"), "[аяь]"), (("ую", "юю"), "[ую]|ь"), (("ое", "ее"), "[оея]"),
    (("ые", "ие"), "[ыиаяе]"), (("ых", "их"), r"(?:ов|ев|ей|ах|ях|ых|их|[^аяоеыиуюмх])"), (("ыми", "ими"), "ми"),
    (("ого", "его"), "[аяи]|ого|его"), (("ому", "ему"), "[уюи]|ому|ему"), (("ым", "им"), "м|ей|ою|ью"),
    (("ой", "ей"), "[иые]|ой|ей|ью|ью"), (("ом", "ем"), "[еиую]"),
)  # fmt: skip
_AGREES = {ending: re.compile(f".*(?:{nouns})") for endings, nouns in _AGREEMENT for ending in endings}
_SINGULAR_GENITIVE = re.compile(r".*[аяыи]")
_PLURAL_GENITIVE = re.compile(
    r".*(?:[жшчщлрнтсдвм]ей|[ия]ей|ов|ев|ий|ств|ок|ек|иц|систем|стран|игр|карт|цен|звезд|книг|рек|школ|групп|команд"
    r"|баз|планет|квартир|машин|женщин"
    r"|мужчин|лет|дел|слов|мест|чисел|программ|схем|тем|форм|норм|проблем|услуг|дорог|сил|цифр|букв|камер|мер|ракет"
    r"|атак|черт|волн|луж|птиц|рыб|коров)"
)
_GENITIVE_ADJECTIVE = re.compile(r".*(?:ого|его|ой|ей|ых|их)")


def belong(phrase: Sequence[tuple[str, str]]) -> bool:
    """Whether the (word, role) pairs may form one phrase: adjectives agree, a noun after a noun is in the genitive."""
    for (word, role), (following, next_role) in pairwise(phrase):
        if role == "adjective" and next_role == "noun" and not _agree(word, following):
            return False
        if role == "adjective" and next_role == "adjective" and word[-1] != following[-1]:
            return False
        if role == "noun" and next_role == "noun" and not _is_genitive(following):
            return False
        if role in ("noun", "name") and next_role == "adjective" and not _GENITIVE_ADJECTIVE.fullmatch(following):
            return False
    return True


def _agree(adjective: str, noun: str) -> bool:
    ending = adjective[-3:] if adjective[-3:] in _AGREES else adjective[-2:]
    return ending not in _AGREES or _AGREES[ending].fullmatch(noun) is not None


def _is_genitive(noun: str) -> bool:
    return (_PLURAL_GENITIVE.fullmatch(noun) or _SINGULAR_GENITIVE.fullmatch(noun)) is not None


def base_name(name: str) -> str:
    """A proper name of one word in the nominative where its ending leaves no doubt, else as it is."""
    low = name.lower().replace("ё", "е")
    if low in _places():
        return _places()[low]
    if re.fullmatch(r".{3,}(?:ии|ию|ией)", low) and name[-1].islower():
        return re.sub(r"(?:ии|ию|ией)$", "ия", name)
    return _TOWN.sub(r"\1", name)


_TOWN = re.compile(r"(?<=.)(бург|град|[её]нск|[ау]нск|рск|льск|вск|ецк|поль)(?:е|а|у|ом)$")


@cache
def _places() -> dict[str, str]:
    """The base form of every listed form of a well-known place."""
    lines = files("tg_parser.nlp").joinpath("data", "places", "ru.txt").read_text("utf-8").splitlines()
    return {form: base for base, *forms in map(str.split, lines) for form in forms}
