"""Errors of messages and of the models that analyse them."""

from __future__ import annotations

from tg_parser.domain.errors.base import TgParserError


class AnalysisError(TgParserError):
    """One message could not be analysed; the run continues."""

    code = "analysis"


class UnusableAnswerError(AnalysisError):
    """A model gave no usable answer for a message; if that repeats, the model is the problem."""

    code = "unusable_answer"


class ProviderError(TgParserError):
    """A language model cannot be used as configured: wrong key, unknown model, no credit left."""

    code = "provider"
    stops_run = True


class ProviderUnavailableError(TgParserError):
    """A language model did not answer after all attempts (network, timeout, overload); a retry may work."""

    code = "provider_unavailable"
    retryable = True


class BudgetError(TgParserError):
    """Spending has reached its limit, or a price is unknown; paid answers are kept."""

    code = "budget"
    stops_run = True
