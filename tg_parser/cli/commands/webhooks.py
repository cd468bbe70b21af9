"""webhooks: manage the addresses that receive events, and their deliveries."""

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

commands = typer.Typer(help="Webhooks: addresses notified about jobs and sources.", no_args_is_help=True)

_EVENTS = "job.done, job.failed, source.failed"
WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Id of a webhook, as shown by `webhooks list`.")]
DeliveryId = Annotated[
    str, typer.Argument(metavar="DELIVERY", help="Id of a delivery, as shown by `webhooks deliveries`.")
]


@commands.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Address to send events to: https://host/path.")],
    events: Annotated[list[str] | None, typer.Option("--event", help=f"{_EVENTS}; repeatable. [default: all]")] = None,
    json: Json = False,
) -> None:
    """Send events to an address from now on, and print its signing secret once."""
    from tg_parser.domain.webhooks import EVENT_TYPES

    _emit_fresh(_asked(lambda webhooks: webhooks.add(url, person(), events=events or EVENT_TYPES)), json=json)


@commands.command("list")
def list_webhooks(json: Json = False) -> None:
    """List all webhooks, oldest first, except those of single jobs."""
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
    """Remove a webhook with its deliveries, including pending ones."""
    _emit(_asked(lambda webhooks: webhooks.remove(webhook, person())), "is removed", json=json)


@commands.command()
def enable(webhook: WebhookId, json: Json = False) -> None:
    """Enable a webhook that was switched off because its receiver had answered 410 Gone."""
    _emit(_asked(lambda webhooks: webhooks.enable(webhook, person())), "is enabled", json=json)


@commands.command()
def rotate(
    webhook: WebhookId,
    overlap: Annotated[
        str,
        typer.Option("--overlap", metavar="TIME", help="How long the old secret also signs: 1d, 12h; 0 ends it now."),
    ] = "1d",
    json: Json = False,
) -> None:
    """Replace the secret of a webhook and print the new one once."""
    length = timedelta(0) if overlap.strip() == "0" else length_of("--overlap", overlap)
    _emit_fresh(_asked(lambda webhooks: webhooks.rotate(webhook, person(), overlap=length)), json=json)


@commands.command("test")
def try_out(webhook: WebhookId, json: Json = False) -> None:
    """Send a test event (webhook.ping) to a webhook; a worker delivers it."""
    _emit_delivery(_asked(lambda webhooks: webhooks.ping(webhook, person())), json=json)


@commands.command()
def deliveries(
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="WEBHOOK", help="Only deliveries to this webhook.")
    ] = None,
    states: Annotated[
        list[str] | None,
        typer.Option("--state", help=f"Only deliveries in this state: {', '.join(DELIVERY_STATES)}; repeatable."),
    ] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="DELIVERY", help="Only deliveries older than this one.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Show at most this many.")] = 50,
    json: Json = False,
) -> None:
    """List pending and past deliveries with the receivers' answers, newest first."""
    if unknown := sorted(set(states or ()) - set(DELIVERY_STATES)):
        raise UsageError(f"--state {unknown[0]} is not known.", f"Choose from: {', '.join(DELIVERY_STATES)}.")
    wanted = tuple(each for each in DELIVERY_STATES if each in (states or ()))
    found = _asked(
        lambda webhooks: webhooks.deliveries(person(), limit=limit, before=before, webhook_id=webhook, states=wanted)
    )
    if json:
        from tg_parser.services.views.webhooks import DeliveryList, DeliveryView

        emit_json(DeliveryList(deliveries=tuple(DeliveryView.of(each) for each in found)))
    elif not found:
        emit_line("No deliveries found.")
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
    """Repeat a delivery under the same id, whatever its outcome was; a worker does it."""
    _emit_delivery(_asked(lambda webhooks: webhooks.redeliver(delivery, person())), json=json)


def _emit_fresh(fresh: FreshWebhook, *, json: bool) -> None:
    """Print only the secret to stdout, so that a script can capture it; everything else goes to stderr."""
    if json:
        from tg_parser.services.views.webhooks import ShownWebhook

        emit_json(ShownWebhook.of(fresh))
        return
    hook = fresh.webhook
    say(f"Webhook {hook.webhook_id} sends {', '.join(hook.events)} to {hook.url}.")
    if hook.previous_until:
        say(f"The old secret also signs until {moment_text(hook.previous_until)}.")
    say("This is its secret. Store it now, it will not be shown again:")
    emit_line(fresh.secret)


def _emit(hook: Webhook, what: str, *, json: bool) -> None:
    if json:
        from tg_parser.services.views.webhooks import WebhookView

        emit_json(WebhookView.copied_from(hook))
    else:
        emit_line(f"Webhook {hook.webhook_id} ({hook.url}) {what}.")


def _emit_delivery(delivery: Delivery, *, json: bool) -> None:
    if json:
        from tg_parser.services.views.webhooks import DeliveryView

        emit_json(DeliveryView.of(delivery))
    else:
        emit_line(delivery.delivery_id)
        say("A worker will send it (tg-parser worker). Check the outcome with: tg-parser webhooks deliveries")


def _answer(delivery: Delivery) -> str | None:
    answer = delivery.answer
    return None if answer is None else answer.error or str(answer.status)


def _asked(ask: Callable[[WebhookService], Awaitable[Any]]) -> Any:
    async def work(app: App) -> Any:
        from tg_parser.wiring.webhooks import webhook_service

        return await ask(webhook_service(app))

    return execute(work)
