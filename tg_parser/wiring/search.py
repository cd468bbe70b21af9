"""Builds the search over the databases; the model of its embeddings is the one that topics use."""

from __future__ import annotations

from pathlib import Path

from tg_parser.nlp.embeddings import SentenceEncoder
from tg_parser.search.searcher import Searcher
from tg_parser.search.vector_files import VectorFiles
from tg_parser.search.vectors import Meanings
from tg_parser.services.reading.access import Access
from tg_parser.services.searching.service import SearchService
from tg_parser.storage.engine.databases import Databases
from tg_parser.storage.stores.search_index import SearchIndex


def search_over(databases: Databases, access: Access, home: Path) -> SearchService:
    """Return the search of these databases; `home` has the folder for files that can be made anew."""
    index, encoder = SearchIndex(databases.processing), SentenceEncoder()
    kept = VectorFiles(home / "search", databases.processing.place, encoder.model_id)
    return SearchService(access, index, Searcher(index, Meanings(index, encoder, kept)))
