"""A local Telegram from the command line, until SIGINT or SIGTERM: python -m fake_telegram --channels FILE."""

import argparse
import asyncio
import dataclasses
import json
import signal
import sys
from pathlib import Path

import rsa

from fake_telegram import API_HASH, API_ID, FakeTelegram
from fake_telegram.described import world_from_json


def options(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", required=True, type=Path, help="JSON file with users, channels, faults")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--write-session", metavar="FILE", type=Path, help="write the signed-in StringSession here")
    parser.add_argument("--session-file", metavar="FILE", help="also write it as a Telethon .session (SQLite) file")
    parser.add_argument("--seed", help="make the auth key from this word: with --port the session outlives a restart")
    parser.add_argument("--rsa", metavar="FILE", type=Path, help="private RSA key, made if missing; FILE.pub is public")
    parser.add_argument("--auto-login", action="store_true", help="an auth key made by handshake is signed in at once")
    parser.add_argument("--latency", type=float, default=0, help="seconds added to every answer")
    parser.add_argument("--bandwidth", type=float, help="bytes/s towards each client")
    parser.add_argument("--log", metavar="FILE", type=Path, help="write the request log here (JSON lines) at the end")
    return parser.parse_args(argv)


def main(argv=None):
    args = options(argv)
    spec = json.loads(args.channels.read_text("utf-8"))
    key = rsa.PrivateKey.load_pkcs1(args.rsa.read_bytes()) if args.rsa and args.rsa.exists() else None
    tg = FakeTelegram(world_from_json(spec), port=args.port, auto_login=args.auto_login, rsa_key=key)
    tg.latency, tg.bandwidth = args.latency, args.bandwidth
    for fault in spec.get("faults", []):
        tg.fault(**fault)
    public = write_key(tg, args.rsa) if args.rsa else None
    asyncio.run(serve(tg, args, public))
    if args.log:
        lines = (json.dumps(dataclasses.asdict(entry), ensure_ascii=False) + "\n" for entry in tg.log)
        args.log.write_text("".join(lines), "utf-8")
    print(json.dumps(dict(tg.counts), ensure_ascii=False), file=sys.stderr)


def write_key(tg, path):
    public = path.with_name(path.name + ".pub")
    path.write_bytes(tg.rsa_key.save_pkcs1())
    public.write_text(tg.public_key_pem)
    return str(public)


async def serve(tg, args, public):
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with tg:
        session = tg.session_string(args.seed)
        if args.write_session:
            args.write_session.write_text(session + "\n")
        if args.session_file:
            tg.session_file(args.session_file, args.seed)
        facts = {"host": tg.host, "port": tg.port, "dc_id": tg.dc_id, "api_id": API_ID, "api_hash": API_HASH}
        facts |= {"session": session, "rsa_public_key": public, "phone": tg.world.me.phone, "code": tg.login_code}
        print(json.dumps(facts), flush=True)
        await stop.wait()


if __name__ == "__main__":
    main()
