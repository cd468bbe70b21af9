"""Money: every call is priced, counted and capped, on both backends, with a model that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.usage import RequestUsage
from sqlalchemy import select

from tg_parser.config.llm_settings import LlmMoneySettings
from tg_parser.domain.errors import AnalysisError, BudgetError, StorageUnavailableError
from tg_parser.domain.spending import Account, Spending
from tg_parser.domain.utc_time import utc_now
from tg_parser.llm.asking import Llm
from tg_parser.llm.models.cached import Cached
from tg_parser.llm.models.priced import Priced
from tg_parser.llm.question import Answer, AnswerRejectedError, Prompt, Purpose, Question
from tg_parser.llm.spending.budget import Caps
from tg_parser.llm.spending.ledger import Ledger
from tg_parser.llm.spending.prices import tariff
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.llm_answers import AnswerStorage
from tg_parser.storage.stores.llm_spending import CostGrouping, SpendingStorage
from tg_parser.storage.tables.llm import llm_answers

CHANNEL = "-1001000000001"
CENT = 10_000_000
A_CENT_A_CALL = LlmMoneySettings(_env_file=None, LLM_PRICE_INPUT=10, LLM_PRICE_OUTPUT=0)
"""1000 tokens a call at ten dollars a million."""


class Said(BaseModel):
    word: str


class Provider:
    """Answers every question with its last word, 1000 tokens each; remembers what it was asked."""

    def __init__(self, answer: Callable[..., Any] = lambda word: f'{{"word": "{word}"}}', delay: float = 0.0) -> None:
        self.asked: list[str] = []
        self.begun = asyncio.Event()
        self._answer = answer
        self._delay = delay

    async def __call__(self, messages: list[Any], _info: AgentInfo) -> ModelResponse:
        word = messages[0].parts[-1].content.split()[-1]
        self.asked.append(word)
        self.begun.set()
        await asyncio.sleep(self._delay)
        return ModelResponse(
            parts=[TextPart(self._answer(word))], usage=RequestUsage(input_tokens=1000, output_tokens=10)
        )


class Silent(WrapperModel):
    """A provider that tells no tokens."""

    async def request(self, *arguments: Any, **named: Any) -> ModelResponse:
        return replace(await self.wrapped.request(*arguments, **named), usage=RequestUsage())


def question(word: str, check: Callable[..., Any] | None = None, channel: str = CHANNEL) -> Question[Any]:
    return Question(Prompt("say", "sha256:1", "Repeat.", f"Say {word}"), Said, Purpose("processing", channel), check)


def opened(databases: Databases, caps: Caps = Caps(), run: str = "run") -> Ledger:  # noqa: B008 - caps are immutable
    return Ledger(SpendingStorage(databases.processing), caps, run)


def chain(
    databases: Databases,
    ledger: Ledger,
    provider: Provider,
    money: LlmMoneySettings = A_CENT_A_CALL,
    attempts: int = 2,
    around: type[WrapperModel] = WrapperModel,
    **cache: Any,
) -> Llm:
    model = Priced(
        around(FunctionModel(provider, model_name="m")),
        provider="ollama",
        tariff=tariff("ollama", "m", None, money),
        ledger=ledger,
    )
    cached = Cached(model, identity="ollama:m", answers=AnswerStorage(databases.processing), ledger=ledger, **cache)
    return Llm(cached, attempts, cached)


async def booked(databases: Databases) -> dict[str, Spending]:
    return await SpendingStorage(databases.processing).totals("run")


async def asked_all(llm: Llm, words: list[str]) -> list[Any]:
    return await asyncio.gather(*(llm.ask(question(word)) for word in words), return_exceptions=True)


async def test_answer_tells_its_tokens_and_price(databases: Databases) -> None:
    """An answer carries what it cost, and the books say the same by stage, channel and model."""
    async with opened(databases) as ledger:
        answer = await chain(databases, ledger, Provider()).ask(question("hello"))
    assert (answer.output.word, answer.provider, answer.model_id) == ("hello", "ollama", "m")
    assert (answer.input_tokens, answer.output_tokens, answer.cost_usd, answer.cached) == (1000, 10, 0.01, False)
    storage = SpendingStorage(databases.processing)
    spent = Spending(calls=1, input_tokens=1000, output_tokens=10, cost_nanousd=CENT)
    labels: dict[CostGrouping, str] = {"stage": "processing", "channel": CHANNEL, "model": "ollama:m", "run": "run"}
    for by, label in labels.items():
        assert await storage.totals(by) == {label: spent}


async def test_repost_is_not_paid_twice(databases: Databases) -> None:
    """The same question in another run and another channel is answered from the cache, counted, and costs nothing."""
    provider = Provider()
    async with opened(databases, run="first") as ledger:
        await chain(databases, ledger, provider).ask(question("news"))
    async with opened(databases, run="second") as ledger:
        again = await chain(databases, ledger, provider).ask(question("news", channel="-1009"))
    assert provider.asked == ["news"]
    assert (again.output.word, again.cached, again.calls) == ("news", True, 0)
    assert (again.provider, again.model_id, again.input_tokens, again.cost_usd) == ("ollama", "m", None, None)
    assert (await booked(databases))["second"] == Spending(cached_answers=1)


async def test_answer_just_paid_is_served_before_it_is_written(databases: Databases) -> None:
    """Within the moment in which answers gather, the same question finds the one that is on its way."""
    provider = Provider()
    async with opened(databases) as ledger:
        llm = chain(databases, ledger, provider)
        await llm.ask(question("news"))
        assert (await llm.ask(question("news"))).cached
    assert provider.asked == ["news"]


async def test_equal_questions_at_once_are_asked_once(databases: Databases) -> None:
    """Fifty messages of one text at the same time cost one call; one has its tokens, the others none."""
    provider = Provider(delay=0.01)
    async with opened(databases) as ledger:
        answers = await asked_all(chain(databases, ledger, provider), ["spam"] * 50)
    assert provider.asked == ["spam"]
    assert sum(answer.cached for answer in answers) == 49
    assert sum(answer.input_tokens or 0 for answer in answers) == 1000
    assert (await booked(databases))["run"] == Spending(1, 1000, 10, CENT, cached_answers=49)


async def test_cancelled_asker_hands_the_question_on(databases: Databases) -> None:
    """When the task that asks for all is cancelled, the next one asks; nobody waits for ever."""
    provider = Provider(delay=0.01)
    async with opened(databases) as ledger:
        llm = chain(databases, ledger, provider)
        first, second = (asyncio.create_task(llm.ask(question("spam"))) for _ in range(2))
        await provider.begun.wait()
        first.cancel()
        assert (await second).output.word == "spam"
    assert provider.asked == ["spam", "spam"]


async def test_refused_answers_are_paid_and_not_kept(databases: Databases) -> None:
    """A refused answer costs, is counted, and is asked for again next time; the good one after it is what is kept."""
    provider = Provider(lambda word: f'{{"word": "{word if len(provider.asked) % 2 == 0 else "nonsense"}"}}')

    def check(said: Said) -> None:
        if said.word == "nonsense":
            raise AnswerRejectedError("Repeat the word.")

    async with opened(databases, run="first") as ledger:
        answer = await chain(databases, ledger, provider).ask(question("news", check))
    assert (answer.output.word, answer.calls, answer.cost_usd) == ("news", 2, 0.02)
    assert (await booked(databases))["first"].cost_nanousd == 2 * CENT
    async with opened(databases, run="second") as ledger:
        assert (await chain(databases, ledger, provider).ask(question("news", check))).cached
    assert provider.asked == ["news", "news"]


async def test_answer_that_never_was_good_is_asked_for_again(databases: Databases) -> None:
    """A message that failed is not served its bad answer by --retry-failed."""
    provider = Provider(lambda _word: "no json")
    for run in ("first", "second"):
        async with opened(databases, run=run) as ledger:
            with pytest.raises(AnalysisError):
                await chain(databases, ledger, provider, attempts=1).ask(question("news"))
    assert provider.asked == ["news", "news"]
    assert {run: spent.calls for run, spent in (await booked(databases)).items()} == {"first": 1, "second": 1}


async def test_no_cache_asks_and_keeps_the_new_answer(databases: Databases) -> None:
    """Without reading, a known question is asked again; what it gave is served from then on."""
    words = iter(["old", "new"])
    provider = Provider(lambda _word: f'{{"word": "{next(words)}"}}')
    async with opened(databases) as ledger:
        assert (await chain(databases, ledger, provider).ask(question("x"))).output.word == "old"
        assert (await chain(databases, ledger, provider, read=False).ask(question("x"))).output.word == "new"
    async with opened(databases) as ledger:
        assert (await chain(databases, ledger, provider).ask(question("x"))).output.word == "new"


async def test_another_prompt_model_or_parameter_is_another_question(databases: Databases) -> None:
    """Only what would be asked in the very same way is served."""
    provider = Provider()
    async with opened(databases) as ledger:
        llm = chain(databases, ledger, provider)
        await llm.ask(question("x"))
        for prompt in (
            Prompt("say", "sha256:1", "Repeat!", "Say x"),
            Prompt("say", "sha256:1", "Repeat.", "Please say x"),
            Prompt("say", "sha256:1", "Repeat.", "Say x", {"temperature": 1}),
        ):
            await llm.ask(Question(prompt, Said, Purpose("processing")))
    assert len(provider.asked) == 4


async def test_cap_of_a_run_stops_at_once(databases: Databases) -> None:
    """With 20 calls at a time and 10 cents to spend, no call begins once they are spent, and all calls are booked."""
    provider = Provider(delay=0.005)
    limiter = asyncio.Semaphore(20)
    async with opened(databases, Caps(run=0.1)) as ledger:
        llm = chain(databases, ledger, provider)

        async def ask(number: int) -> Answer[Any]:
            async with limiter:
                return await llm.ask(question(f"w{number}"))

        outcomes = await asyncio.gather(*(ask(number) for number in range(200)), return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, BudgetError)]
    assert len(refused) + len(provider.asked) == 200
    assert 10 <= len(provider.asked) <= 29
    assert (await booked(databases))["run"].calls == len(provider.asked)
    assert len(await AnswerStorage(databases.processing).find(await keys(databases))) == len(provider.asked)


async def keys(databases: Databases) -> list[str]:
    return [row["key"] for row in await databases.processing.rows(select(llm_answers.c.key))]


async def test_cached_answers_need_no_budget(databases: Databases) -> None:
    """At the cap, what is paid for already is still served."""
    async with opened(databases) as ledger:
        await chain(databases, ledger, Provider()).ask(question("old"))
    async with opened(databases, Caps(run=0)) as ledger:
        llm = chain(databases, ledger, Provider())
        assert (await llm.ask(question("old"))).cached
        with pytest.raises(BudgetError):
            await llm.ask(question("new"))


async def test_month_is_shared_by_runs(databases: Databases) -> None:
    """What another run spends while this one works counts here within a second, and a new run begins with it."""
    caps, provider = Caps(month=0.05), Provider()
    async with opened(databases, caps, "one") as one, opened(databases, caps, "two") as two:
        assert (await asked_all(chain(databases, one, provider), ["a", "b", "c"]))[-1].output.word == "c"
        await one.close()
        outcomes = [(await asked_all(chain(databases, two, provider), [word]))[0] for word in ("d", "e", "f", "g")]
        assert [type(each).__name__ for each in outcomes] == ["Answer", "Answer", "BudgetError", "BudgetError"]
    async with opened(databases, caps, "three") as ledger:
        with pytest.raises(BudgetError, match=r"\$0\.0500 of this month's \$0\.0500 is spent"):
            await chain(databases, ledger, provider).ask(question("h"))
    assert provider.asked == ["a", "b", "c", "d", "e"]


async def test_nearly_spent_month_is_looked_up_before_every_call(databases: Databases) -> None:
    """With four of five cents gone, what another run spends this very moment stops the next call of this one."""
    caps, four = Caps(month=0.05), Spending(calls=4, cost_nanousd=4 * CENT)
    async with opened(databases, caps, "one") as one, opened(databases, caps, "two") as two:
        one.book(Purpose("processing"), "ollama", "m", four)
        await one.close()
        await two.admit()
        one.book(Purpose("processing"), "ollama", "m", Spending(calls=1, cost_nanousd=CENT))
        await one.close()
        with pytest.raises(BudgetError):
            await two.admit()


async def test_last_month_does_not_count(databases: Databases) -> None:
    """What was spent in other months leaves this month's budget whole."""
    other = Account("2020-01-31", "old", "processing", CHANNEL, "ollama", "m")
    await SpendingStorage(databases.processing).book({other: Spending(cost_nanousd=100 * CENT)}, [])
    async with opened(databases, Caps(month=0.05)) as ledger:
        assert (await chain(databases, ledger, Provider()).ask(question("a"))).output.word == "a"


async def test_unknown_price_with_a_cap_sends_nothing(databases: Databases) -> None:
    """A model without a price is refused while the chain is built, unless the user allows it; then the cost is null."""
    provider, unpriced = Provider(), LlmMoneySettings(_env_file=None)
    async with opened(databases, Caps(run=1)) as ledger:
        with pytest.raises(BudgetError, match="price of ollama:m is unknown"):
            chain(databases, ledger, provider, unpriced)
    async with opened(databases, Caps(run=1, allow_unknown_price=True)) as ledger:
        answer = await chain(databases, ledger, provider, unpriced).ask(question("a"))
    assert (answer.cost_usd, answer.input_tokens) == (None, 1000)
    assert (await booked(databases))["run"] == Spending(1, 1000, 10, 0, unknown_price_calls=1)


async def test_usage_missing_is_unknown_and_ends_a_capped_run(databases: Databases) -> None:
    """An answer that tells no tokens has none, not 0; with a cap it is the last one."""
    provider = Provider()
    async with opened(databases, Caps(run=1)) as ledger:
        llm = chain(databases, ledger, provider, around=Silent)
        answer = await llm.ask(question("a"))
        assert (answer.input_tokens, answer.output_tokens, answer.cost_usd) == (None, None, None)
        with pytest.raises(BudgetError, match="does not report its token usage"):
            await llm.ask(question("b"))
    assert (await booked(databases))["run"] == Spending(1, unknown_usage_calls=1, unknown_price_calls=1)


class Book:
    """A SpendingBook on a database that comes and goes."""

    def __init__(self) -> None:
        self.gone = True
        self.failed = asyncio.Event()
        self.rows: list[Any] = []

    async def book(self, spending: Mapping[Account, Spending], answers: Sequence[Any]) -> None:
        if self.gone:
            self.failed.set()
            raise StorageUnavailableError("The database does not answer.")
        self.rows.append((dict(spending), list(answers)))

    async def month_nanousd(self, _month: str) -> int:
        return 0


async def test_nothing_is_paid_for_that_cannot_be_booked() -> None:
    """Once booking has failed no call is admitted, and the error ends the run instead of failing its messages."""
    book = Book()
    ledger = Ledger(book, Caps(), "run")
    await ledger.admit()
    ledger.book(Purpose("processing"), "ollama", "m", Spending(calls=1))
    await book.failed.wait()
    with pytest.raises(StorageUnavailableError) as caught:
        await ledger.admit()
    assert caught.value.stops_run
    book.gone = False
    await ledger.close()


async def test_what_could_not_be_booked_is_not_lost() -> None:
    """A database that is gone is told by closing; once it is back everything is written, once."""
    book = Book()
    ledger = Ledger(book, Caps(), "run")
    ledger.book(Purpose("processing"), "ollama", "m", Spending(calls=1))
    with pytest.raises(StorageUnavailableError):
        await ledger.close()
    book.gone = False
    ledger.book(Purpose("processing"), "ollama", "m", Spending(calls=1))
    await ledger.close()
    await ledger.close()
    account = Account(utc_now().date().isoformat(), "run", "processing", "", "ollama", "m")
    assert book.rows == [({account: Spending(calls=2)}, [])]


async def test_run_that_is_cancelled_books_what_it_paid_for(databases: Databases) -> None:
    """Ctrl-C ends a run by cancelling it: what was answered until then is in the books and in the cache."""
    answered = asyncio.Event()

    async def run() -> None:
        async with opened(databases) as ledger:
            llm = chain(databases, ledger, Provider())
            await llm.ask(question("a"))
            answered.set()
            await chain(databases, ledger, Provider(delay=60)).ask(question("b"))

    task = asyncio.create_task(run())
    await answered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await booked(databases))["run"].calls == 1
    assert len(await keys(databases)) == 1
