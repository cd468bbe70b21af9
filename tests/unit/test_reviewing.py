"""The reviewer's checks: what the words of a message disprove, and what they leave to a model."""

from __future__ import annotations

from collections.abc import Sequence

from samples import message

from tg_parser.agents.model_review import Finding, ModelReport, holding
from tg_parser.agents.reviewing import Objection, is_verbatim, objections, source_of, still_said
from tg_parser.domain.documents import Analysis, Entity
from tg_parser.processing.analyzer import Task

TEXT = (
    "Компания Яндекс открыла в Казани центр разработки. В нём будут работать двести инженеров, которые займутся"
    " беспилотными автомобилями. Первые машины выйдут на дороги города следующей весной, сообщила пресс-служба."
    " Власти республики обещают выделить для испытаний отдельную полосу и построить станции зарядки."
)
INVENTED = "Премьер-министр лично похвалил руководителей концерна."


def found(text_clean: str = TEXT, summary: str | None = None, task: Task | None = None) -> Sequence[Objection]:
    task = task or Task(message(1, TEXT))
    return objections(source_of(task, "ru"), task.message.text, Analysis(text_clean=text_clean, summary=summary))


def test_faithful_answer_meets_no_objection() -> None:
    """The message itself with a summary in other forms of its words."""
    assert found(summary="Яндекс открыл центр разработки в Казани, где займутся беспилотными машинами.") == ()


def test_sentence_that_nobody_wrote_is_found_in_a_long_text() -> None:
    """Nine tenths of the words are the message's own, and the sentence is found all the same."""
    assert found(f"{TEXT} {INVENTED}") == (Objection("invented", INVENTED, proven=True),)


def test_unknown_name_in_a_summary_is_found() -> None:
    """A name that neither the message nor its context holds, in any form; the first word of a sentence is none."""
    assert found(summary="Открыт центр разработки компании Сбер в Казани.") == (
        Objection("invented", "Сбер", proven=True),
    )
    assert found(summary="Инженеры займутся машинами для Казани.") == ()


def test_name_from_the_post_of_a_comment_is_known() -> None:
    """A comment may speak of what stands in its post."""
    comment = message(2, "Наконец-то они открыли центр, давно пора было это сделать", kind="comment")
    summary = "Автор рад, что Яндекс открыл центр."
    answer = (comment.text, summary)
    assert found(*answer, task=Task(comment, post_text=TEXT)) == ()
    assert found(*answer, task=Task(comment)) == (Objection("invented", "Яндекс", proven=True),)


def test_summary_of_something_else_is_doubted_not_disproved() -> None:
    """A summary may use words of its own; one with hardly any of the message's is a matter of opinion."""
    summary = "повара готовили свежую рыбу целый вечер накануне праздника"
    assert found(summary=summary) == (Objection("invented", summary, proven=False),)


def test_what_is_verbatim_needs_no_model() -> None:
    """Nothing can be wrong where clean text and summary are copies and nothing is inferred."""
    source = source_of(Task(message(1, TEXT)), "ru")
    copied = Analysis(text_clean=TEXT, summary="Компания Яндекс открыла в Казани центр разработки.")
    assert is_verbatim(source, copied)
    assert is_verbatim(source, copied.model_copy(update={"summary": None}))
    assert not is_verbatim(source, copied.model_copy(update={"summary": "Казань открыла в Яндексе центр разработки."}))
    assert not is_verbatim(source, copied.model_copy(update={"summary": "Новый центр автопрома"}))
    inferred = (Entity(type="place", value="Татарстан", inferred=True),)
    assert not is_verbatim(source, copied.model_copy(update={"entities": inferred}))


def test_findings_of_a_model_count_as_far_as_the_texts_bear_them_out() -> None:
    """Quotes of nothing are dropped; what stands in the message is not invented, what stands in the answer not lost."""
    analysis = Analysis(text_clean=TEXT, summary="Премьер похвалил концерн, центр уже закрыт.")
    findings = [
        Finding(kind="invented", quote="Премьер похвалил концерн"),
        Finding(kind="misread", quote="центр уже закрыт"),
        Finding(kind="invented", quote="центр разработки"),
        Finding(kind="misread", quote="такого в ответе нет"),
        Finding(kind="left_out", quote="В нём будут работать двести инженеров"),
        Finding(kind="language", quote="…"),
    ]
    source = source_of(Task(message(1, TEXT)), "ru")
    assert list(holding(ModelReport(findings=findings), source, analysis)) == [
        Objection("invented", "Премьер похвалил концерн", proven=True),
        Objection("misread", "центр уже закрыт", proven=False),
    ]


def test_left_out_statement_is_held() -> None:
    """A sentence of the message that the clean text lost."""
    lost = "В нём будут работать двести инженеров"
    analysis = Analysis(text_clean="Компания Яндекс открыла в Казани центр разработки.")
    verdict = ModelReport(findings=[Finding(kind="left_out", quote=lost)])
    held = list(holding(verdict, source_of(Task(message(1, TEXT)), "ru"), analysis))
    assert held == [Objection("left_out", lost, proven=False)]
    assert held[0].remark == f"The message says this, and the answer leaves it out: «{lost}»"


def test_objection_that_the_answer_no_longer_earns() -> None:
    """Whether the words objected to still stand in clean text or summary."""
    objection = Objection("invented", "Сбер", proven=True)
    assert still_said(objection, Analysis(text_clean="a", summary="Центр компании Сбер"))
    assert not still_said(objection, Analysis(text_clean="a", summary="Центр компании"))
