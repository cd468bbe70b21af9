"""Messages and models that analyse them."""

from __future__ import annotations

from tg_parser.domain.errors.base import TgParserError


class AnalysisError(TgParserError):
    """One message that could not be analysed; the run goes on."""

    code = "analysis"


class UnusableAnswerError(AnalysisError):
    """A message for which a model gave no usable answer; message after message, the model is to blame."""

    code = "unusable_answer"


class ProviderError(TgParserError):
    """A language model that cannot be used as configured: wrong key, no such model, no credit left."""

    code = "provider"
    stops_run = True


class ProviderUnavailableError(TgParserError):
    """A language model that did not answer after all attempts (network, timeout, overload); a later try may work."""

    code = "provider_unavailable"
    retryable = True


class BudgetError(TgParserError):
    """Spending has reached its cap, or a price is unknown; what was paid for is kept."""

    code = "budget"
    stops_run = True
