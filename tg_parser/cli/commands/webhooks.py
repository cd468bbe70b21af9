"""webhooks: which addresses are told of what happens here, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tg_parser.cli.actor import person
from tg_parser.cli.execution import EXIT_EMPTY, execute
from tg_parser.cli.lengths import length_of
from tg_parser.cli.presentation import Json, emit_json, emit_line, emit_table
from tg_parser.cli.stderr import say
from tg_parser.domain.errors import UsageError
from tg_parser.domain.jobs import DELIVERY_STATES
from tg_parser.domain.utc_time import moment_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tg_parser.domain.webhooks import Delivery, Webhook
    from tg_parser.services.webhooks import FreshWebhook, WebhookService
    from tg_parser.wiring.app import App

commands = typer.Typer(help="Webhooks: addresses that are told of jobs and sources.", no_args_is_help=True)

_EVENTS = "job.done, job.failed, source.failed"
WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="A webhook, as `webhooks list` shows it.")]
DeliveryId = Annotated[str, typer.Argument(metavar="DELIVERY", help="A delivery, as `webhooks deliveries` shows it.")]


@commands.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to send it: https://host/path.")],
    events: Annotated[list[str] | None, typer.Option("--event", help=f"{_EVENTS}; repeatable. [default: all]")] = None,
    json: Json = False,
) -> None:
    """Tell an address of events from now on, and print the secret that signs them, this once."""
    from tg_parser.domain.webhooks import EVENT_TYPES

    _emit_fresh(_asked(lambda webhooks: webhooks.add(url, person(), events=events or EVENT_TYPES)), json=json)


@commands.command("list")
def list_webhooks(json: Json = False) -> None:
    """All webhooks, oldest first; those of single jobs are not among them."""
    found = _asked(lambda webhooks: webhooks.list(person()))
    if json:
        from tg_parser.services.views.webhooks import WebhookList, WebhookView

        emit_json(WebhookList(webhooks=tuple(WebhookView.copied_from(each) for each in found)))
    elif not found:
        emit_line("No webhooks yet. Add one with: tg-parser webhooks add URL")
    else:
        emit_table(
            ("webhook", "address", "events", "state", "key", "added"),
            [
                (each.webhook_id, each.url, ", ".join(each.events), each.state, each.key_id, each.created_at)
                for each in found
            ],
        )
    if not found:
        raise typer.Exit(EXIT_EMPTY)


@commands.command()
def remove(webhook: WebhookId, json: Json = False) -> None:
    """Tell a webhook nothing any more; its deliveries are forgotten, also those that wait."""
    _emit(_asked(lambda webhooks: webhooks.remove(webhook, person())), "is removed", json=json)


@commands.command()
def enable(webhook: WebhookId, json: Json = False) -> None:
    """Tell a webhook again whose receiver had answered that it wants nothing any more."""
    _emit(_asked(lambda webhooks: webhooks.enable(webhook, person())), "is told of events again", json=json)


@commands.command()
def rotate(
    webhook: WebhookId,
    overlap: Annotated[
        str, typer.Option("--overlap", metavar="TIME", help="The secret as it was signs too for so long: 1d, 12h; 0.")
    ] = "1d",
    json: Json = False,
) -> None:
    """Give a webhook another secret and print it, this once."""
    length = timedelta(0) if overlap.strip() == "0" else length_of("--overlap", overlap)
    _emit_fresh(_asked(lambda webhooks: webhooks.rotate(webhook, person(), overlap=length)), json=json)


@commands.command("test")
def try_out(webhook: WebhookId, json: Json = False) -> None:
    """Send a webhook the event webhook.ping; a worker does it."""
    _emit_delivery(_asked(lambda webhooks: webhooks.ping(webhook, person())), json=json)


@commands.command()
def deliveries(
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="WEBHOOK", help="Only those of this webhook.")
    ] = None,
    states: Annotated[
        list[str] | None,
        typer.Option("--state", help=f"Only those that are {', '.join(DELIVERY_STATES)}; repeatable."),
    ] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="DELIVERY", help="Only what is older than this delivery.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Show at most this many.")] = 50,
    json: Json = False,
) -> None:
    """What was sent, or is to be sent, and what the receivers answered; newest first."""
    if unknown := sorted(set(states or ()) - set(DELIVERY_STATES)):
        raise UsageError(f"--state {unknown[0]} means nothing.", f"It may be: {', '.join(DELIVERY_STATES)}.")
    wanted = tuple(each for each in DELIVERY_STATES if each in (states or ()))
    found = _asked(
        lambda webhooks: webhooks.deliveries(person(), limit=limit, before=before, webhook_id=webhook, states=wanted)
    )
    if json:
        from tg_parser.services.views.webhooks import DeliveryList, DeliveryView

        emit_json(DeliveryList(deliveries=tuple(DeliveryView.of(each) for each in found)))
    elif not found:
        emit_line("No delivery was found.")
    else:
        emit_table(
            ("delivery", "event", "about", "state", "attempts", "answer", "next"),
            [
                (each.delivery_id, each.event, each.subject, each.state, each.attempts, _answer(each), each.next_at)
                for each in found
            ],
        )
    if not found:
        raise typer.Exit(EXIT_EMPTY)


@commands.command()
def redeliver(delivery: DeliveryId, json: Json = False) -> None:
    """Make a delivery again under the same id, whatever came of it before; a worker does it."""
    _emit_delivery(_asked(lambda webhooks: webhooks.redeliver(delivery, person())), json=json)


def _emit_fresh(fresh: FreshWebhook, *, json: bool) -> None:
    """On stdout the secret alone, so that a script can take it; what is known of the webhook for people beside."""
    if json:
        from tg_parser.services.views.webhooks import ShownWebhook

        emit_json(ShownWebhook.of(fresh))
        return
    hook = fresh.webhook
    say(f"The webhook {hook.webhook_id} tells {hook.url} of {', '.join(hook.events)}.")
    if hook.previous_until:
        say(f"The secret as it was signs too until {moment_text(hook.previous_until)}.")
    say("This is its secret. Keep it now, it is not shown again:")
    emit_line(fresh.secret)


def _emit(hook: Webhook, what: str, *, json: bool) -> None:
    if json:
        from tg_parser.services.views.webhooks import WebhookView

        emit_json(WebhookView.copied_from(hook))
    else:
        emit_line(f"The webhook {hook.webhook_id} ({hook.url}) {what}.")


def _emit_delivery(delivery: Delivery, *, json: bool) -> None:
    if json:
        from tg_parser.services.views.webhooks import DeliveryView

        emit_json(DeliveryView.of(delivery))
    else:
        emit_line(delivery.delivery_id)
        say("A worker sends it (tg-parser worker). See what came of it: tg-parser webhooks deliveries")


def _answer(delivery: Delivery) -> str | None:
    answer = delivery.answer
    return None if answer is None else answer.error or str(answer.status)


def _asked(ask: Callable[[WebhookService], Awaitable[Any]]) -> Any:
    async def work(app: App) -> Any:
        from tg_parser.wiring.webhooks import webhook_service

        return await ask(webhook_service(app))

    return execute(work)
