"""keys: who may use the HTTP API, with which role and for which sources."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tg_parser.cli.actor import person
from tg_parser.cli.execution import EXIT_EMPTY, execute
from tg_parser.cli.lengths import length_of
from tg_parser.cli.presentation import Json, emit_json, emit_line, emit_table
from tg_parser.cli.stderr import say
from tg_parser.domain.keys import Role
from tg_parser.domain.utc_time import moment_text, utc_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tg_parser.domain.keys import ApiKey
    from tg_parser.services.keys import FreshKey, KeyService

commands = typer.Typer(help="Keys of the HTTP API, and the audit log.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(metavar="KEY", help="Id of a key, as shown by `keys list`.")]
Expires = Annotated[
    str | None,
    typer.Option("--expires", metavar="TIME", help="Expires after this time: 90d, 12h, 2w. [default: never]"),
]


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="A name that says what uses the key.")],
    role: Annotated[
        Role,
        typer.Option(
            "--role", help="reader: read; editor: also start jobs and change sources; admin: also manage keys, delete."
        ),
    ] = "reader",
    sources: Annotated[
        str | None,
        typer.Option("--sources", metavar="A,B", help="Restrict the key to these sources. [default: all]"),
    ] = None,
    expires: Expires = None,
    json: Json = False,
) -> None:
    """Create a key and print it once; only its hash is stored."""
    limit = None if sources is None else [each.strip() for each in sources.split(",") if each.strip()]
    lasts = _time("--expires", expires)
    fresh = _asked(lambda keys: keys.create(name, role, person(), sources=limit, lasts=lasts))
    _emit_fresh(fresh, json=json)


@commands.command("list")
def list_keys(json: Json = False) -> None:
    """List all keys, oldest first, without the secrets."""
    found = _asked(lambda keys: keys.list(person()))
    now = utc_now()
    if json:
        from tg_parser.services.views.keys import KeyList, KeyView

        emit_json(KeyList(keys=tuple(KeyView.of(each, now) for each in found)))
    elif not found:
        emit_line("No keys yet. Create one with: tg-parser keys create NAME")
    else:
        emit_table(
            ("key", "name", "role", "state", "sources", "expires", "last used"),
            [
                (
                    each.key_id,
                    each.name,
                    each.role,
                    each.key_state(now),
                    _limit(each),
                    each.expires_at,
                    each.last_used_at,
                )
                for each in found
            ],
        )
    if not found:
        raise typer.Exit(EXIT_EMPTY)


@commands.command()
def revoke(key: KeyId, json: Json = False) -> None:
    """Revoke a key immediately and permanently."""
    revoked = _asked(lambda keys: keys.revoke(key, person()))
    if json:
        from tg_parser.services.views.keys import KeyView

        emit_json(KeyView.of(revoked, utc_now()))
    else:
        emit_line(f"Key {revoked.key_id} ({revoked.name}) is revoked.")


@commands.command()
def rotate(
    key: KeyId,
    overlap: Annotated[
        str,
        typer.Option("--overlap", metavar="TIME", help="How long the old key still works: 7d, 12h; 0 ends it now."),
    ] = "7d",
    expires: Expires = None,
    json: Json = False,
) -> None:
    """Replace a key under the same id and print the new one once. Its expiry stays unless --expires is given."""
    both = (None if overlap.strip() == "0" else _time("--overlap", overlap)), _time("--expires", expires)
    fresh = _asked(lambda keys: keys.rotate(key, person(), overlap=both[0] or timedelta(0), lasts=both[1]))
    _emit_fresh(fresh, json=json)


@commands.command()
def audit(
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="Only changes made by this key or to it.")
    ] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="ENTRY", help="Only entries older than this one.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Show at most this many.")] = 50,
    json: Json = False,
) -> None:
    """Show who changed what, when and from where, newest first."""
    found = _asked(lambda keys: keys.audit(limit=limit, before=before, key_id=key))
    if json:
        from tg_parser.services.views.keys import AuditEntryView, AuditLog

        emit_json(AuditLog(entries=tuple(AuditEntryView.copied_from(each) for each in found)))
    elif not found:
        emit_line("No changes found.")
    else:
        emit_table(
            ("entry", "when", "who", "what", "target", "from"),
            [(each.entry_id, each.at, each.actor, each.action, each.subject, each.origin) for each in found],
        )
    if not found:
        raise typer.Exit(EXIT_EMPTY)


def _emit_fresh(fresh: FreshKey, *, json: bool) -> None:
    """Print only the key to stdout, so that a script can capture it; everything else goes to stderr."""
    if json:
        from tg_parser.services.views.keys import ShownKey

        emit_json(ShownKey.of(fresh, utc_now()))
        return
    key = fresh.key
    end = f", until {moment_text(key.expires_at)}" if key.expires_at else ""
    say(f"Key {key.key_id} ({key.name}): {key.role}, {_limit(key)}{end}. Store it now, it will not be shown again:")
    if key.previous_until:
        say(f"The old key works until {moment_text(key.previous_until)}.")
    emit_line(fresh.secret)


def _limit(key: ApiKey) -> str:
    if key.sources is None:
        return "all sources"
    return ", ".join(sorted(key.sources)) or "no sources"


def _time(option: str, written: str | None) -> timedelta | None:
    return None if written is None else length_of(option, written)


def _asked(ask: Callable[[KeyService], Awaitable[Any]]) -> Any:
    return execute(lambda app: ask(app.keys))
