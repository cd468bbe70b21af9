"""All stores for one set of databases."""

from __future__ import annotations

from dataclasses import dataclass

from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.accounts import AccountStorage
from tg_parser.storage.stores.agents import AgentStorage
from tg_parser.storage.stores.claims import ClaimStorage
from tg_parser.storage.stores.comments import CommentStorage
from tg_parser.storage.stores.documents import ProcessingStorage
from tg_parser.storage.stores.handoffs import HandoffStorage
from tg_parser.storage.stores.keyed_requests import KeyedRequestStorage
from tg_parser.storage.stores.keys import KeyStorage
from tg_parser.storage.stores.llm_answers import AnswerStorage
from tg_parser.storage.stores.llm_spending import SpendingStorage
from tg_parser.storage.stores.message_reading import MessageReading
from tg_parser.storage.stores.raw import RawStorage
from tg_parser.storage.stores.revision_log import RevisionLog
from tg_parser.storage.stores.sentiment import SentimentStorage
from tg_parser.storage.stores.sources import IngestionStorage
from tg_parser.storage.stores.topics import TopicStorage
from tg_parser.storage.stores.waiting_texts import WaitingTextStorage


@dataclass(frozen=True, slots=True)
class Stores:
    """One store per subject."""

    accounts: AccountStorage
    agents: AgentStorage
    answers: AnswerStorage
    claims: ClaimStorage
    comments: CommentStorage
    documents: ProcessingStorage
    waiting_texts: WaitingTextStorage
    handoffs: HandoffStorage
    keys: KeyStorage
    keyed_requests: KeyedRequestStorage
    messages: MessageReading
    raw: RawStorage
    revisions: RevisionLog
    sentiment: SentimentStorage
    sources: IngestionStorage
    spending: SpendingStorage
    topics: TopicStorage


def stores_over(databases: Databases) -> Stores:
    """Return the stores for `databases`."""
    ingestion, raw, processing = databases.all
    return Stores(
        accounts=AccountStorage(ingestion),
        agents=AgentStorage(processing),
        answers=AnswerStorage(processing),
        claims=ClaimStorage(processing),
        comments=CommentStorage(ingestion),
        documents=ProcessingStorage(processing),
        waiting_texts=WaitingTextStorage(processing),
        handoffs=HandoffStorage(processing),
        keys=KeyStorage(processing),
        keyed_requests=KeyedRequestStorage(processing),
        messages=MessageReading(raw),
        raw=RawStorage(raw),
        revisions=RevisionLog(raw),
        sentiment=SentimentStorage(processing),
        sources=IngestionStorage(ingestion),
        spending=SpendingStorage(processing),
        topics=TopicStorage(processing),
    )
