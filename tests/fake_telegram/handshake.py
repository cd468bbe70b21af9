"""The exchange of an auth key (req_pq → Diffie-Hellman), as a client without one begins."""

import dataclasses
import functools
import hashlib
import os
import shutil
import subprocess
import time

import rsa
from telethon import helpers
from telethon.crypto import AES, AuthKey
from telethon.crypto.rsa import _compute_fingerprint, get_byte_array
from telethon.extensions import BinaryReader
from telethon.tl import functions as fn
from telethon.tl import types as tl

PQ, P, Q = 0x17ED48941A08F981, 0x494C553B, 0x53911073
DH_G = 3
DH_PRIME = int(  # Telegram's own 2048-bit safe prime
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543"
    "AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F642477FE96BB2A941D5BCD1D4AC8CC49880708FA9B"
    "378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1"
    "178D169C6BC465B0D6FF9CA3928FEF5B9AE4E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE"
    "2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)


class ProtocolError(Exception):
    pass


@functools.cache
def make_rsa_key():
    """A 2048-bit RSA key for all servers of this process; openssl does it in 0.1 s, the rsa package in 3-8 s."""
    if shutil.which("openssl"):
        for args in (["-traditional", "2048"], ["2048"]):
            out = subprocess.run(["openssl", "genrsa", *args], capture_output=True, check=False)
            if b"BEGIN RSA PRIVATE KEY" in out.stdout:
                return rsa.PrivateKey.load_pkcs1(out.stdout)
    return rsa.newkeys(2048)[1]


def rand_int(bits):
    return int.from_bytes(os.urandom(bits // 8), "little", signed=True)


@dataclasses.dataclass
class Key:
    auth: AuthKey
    user: object = None  # None: not signed in


class Handshake:
    """One client's exchange, request by request."""

    def __init__(self, server):
        self.server, self.state = server, {}

    def answer(self, req):
        if isinstance(req, (fn.ReqPqMultiRequest, fn.ReqPqRequest)):
            self.state = {"nonce": req.nonce, "server_nonce": rand_int(128)}
            fingerprint = _compute_fingerprint(self.server.rsa_key)
            return tl.ResPQ(**self.state, pq=PQ.to_bytes(8, "big"), server_public_key_fingerprints=[fingerprint])
        state = self.state
        if not state or (req.nonce, req.server_nonce) != (state["nonce"], state["server_nonce"]):
            raise ProtocolError("handshake out of order")
        ids = {"nonce": state["nonce"], "server_nonce": state["server_nonce"]}
        if isinstance(req, fn.ReqDHParamsRequest):
            return self._offer(req, state, ids)
        if isinstance(req, fn.SetClientDHParamsRequest):
            return self._agree(req, state, ids)
        raise ProtocolError(f"unexpected plain {req}")

    def _offer(self, req, state, ids):
        key = self.server.rsa_key
        plain = pow(int.from_bytes(req.encrypted_data, "big"), key.d, key.n).to_bytes(256, "big")[1:]
        with BinaryReader(plain[20:]) as reader:
            inner = reader.tgread_object()
        if hashlib.sha1(bytes(inner)).digest() != plain[:20] or {inner.p, inner.q} != {
            P.to_bytes(4, "big"),
            Q.to_bytes(4, "big"),
        }:
            raise ProtocolError("bad p_q_inner_data")
        if self.server.cut_exchanges > 0:
            self.server.cut_exchanges -= 1
            raise ProtocolError("as if p and q were wrong")
        state["new_nonce"], state["a"] = inner.new_nonce, int.from_bytes(os.urandom(256), "big")
        answer = bytes(
            tl.ServerDHInnerData(
                **ids,
                g=DH_G,
                dh_prime=DH_PRIME.to_bytes(256, "big"),
                g_a=get_byte_array(pow(DH_G, state["a"], DH_PRIME)),
                server_time=int(time.time()),
            )
        )
        secret = helpers.generate_key_data_from_nonce(state["server_nonce"], state["new_nonce"])
        return tl.ServerDHParamsOk(
            **ids, encrypted_answer=AES.encrypt_ige(hashlib.sha1(answer).digest() + answer, *secret)
        )

    def _agree(self, req, state, ids):
        secret = helpers.generate_key_data_from_nonce(state["server_nonce"], state["new_nonce"])
        with BinaryReader(AES.decrypt_ige(req.encrypted_data, *secret)[20:]) as reader:
            g_b = int.from_bytes(reader.tgread_object().g_b, "big")
        key = pow(g_b, state["a"], DH_PRIME).to_bytes(256, "big")
        auth = AuthKey(key)
        if self.server.refused_keys > 0:
            self.server.refused_keys -= 1
            return tl.DhGenRetry(**ids, new_nonce_hash2=auth.calc_new_nonce_hash(state["new_nonce"], 2))
        self.server.keys[auth.key_id] = Key(auth, self.server.world.me if self.server.auto_login else None)
        # A key always has 256 bytes: a client that drops a leading zero, as Telethon does, must begin anew. One key in
        # 256 is such a one, so that what a client keeps is counted apart from what chance makes it throw away.
        self.server.counts["handshakes" if key[0] else "short_keys"] += 1
        return tl.DhGenOk(**ids, new_nonce_hash1=auth.calc_new_nonce_hash(state["new_nonce"], 1))
