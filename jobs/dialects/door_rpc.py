"""The door of the RPC products: one call at «/», its signature verified, handed to the product and action that it names, and answered in an envelope."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from console.lib.acting import Actor, acting
from console.lib.policy import in_force
from jobs.dialects import envelope, registry
from jobs.dialects.call import Action, Call, Dialect, Refusal
from jobs.dialects.door_facts import body_of, endpoint_of, facts_of, host_of
from jobs.dialects.door_keys import Disbelieved, Fault, believe
from jobs.dialects.signing import acs3, rpc
from jobs.engine.errors import ReelmillError

if TYPE_CHECKING:
    from console.auth import Caller
    from jobs.dialects.signing.claim import Claim
    from jobs.dialects.signing.facts import Facts

log = structlog.get_logger(__name__)
SDK_PAGE = "/console/settings/sdk/"
SERVERS_STRING = "server string to sign is:"  # the old SDK splits the message at its colon, and compares what follows with its own string
# Codes of ours that have a name in every product; all others are InvalidParameter with their own sentence.
GENERAL: Mapping[str, tuple[str, int]] = {
    "PermissionDenied": ("NoPermission", 403),
    "NotAuthenticated": ("NoPermission", 403),
    "QueueFull": ("Throttling", 400),
    "BodyTooLarge": ("RequestTooLarge", 413),
    "InternalError": ("InternalError", 500),
}


@dataclass
class _Asked:
    """What is known of a call so far, for its answer."""

    request_id: str
    host: str
    endpoint: str
    action: str = ""
    xml: bool = False


def answer(request: HttpRequest) -> HttpResponse:
    """Answer an RPC call. Never raises; what is refused has an envelope."""
    asked = _Asked(str(uuid.uuid4()).upper(), host_of(request), endpoint_of(request))
    try:
        with in_force():
            document = _run(request, asked)
            body = envelope.answered({"RequestId": asked.request_id, **document}, action=asked.action, xml=asked.xml)
        return _response(asked, body, 200)
    except Refusal as refusal:
        return _refused(asked, refusal)
    except OperationalError as error:
        log.error("dialect: database", action=asked.action, exc_info=error)
        return _refused(asked, Refusal("ServiceUnavailable", "The service is busy for a moment; try again.", 503))
    except Exception as error:
        log.error("dialect: call failed", action=asked.action, request=asked.request_id, exc_info=error)
        return _refused(asked, Refusal("InternalError", "The request failed for a reason that is in the log of the service, under this RequestId.", 500))


def _run(request: HttpRequest, asked: _Asked) -> Mapping[str, object]:
    """Read, verify, choose, run. Raises Refusal, and what an action raised that its product does not know."""
    facts, params, modern = _read(request, asked)
    if request.method not in ("GET", "POST"):
        raise Refusal("UnsupportedHTTPMethod", "Send GET or POST.", 405)
    claim = acs3.claim(facts) if modern else rpc.claim(facts, params)
    caller = _caller(claim)
    if not modern and any(facts.header(f"x-acs-{name}") not in ("", params[name.title()]) for name in ("action", "version")):
        raise Refusal("InvalidParameter", "The headers x-acs-action and x-acs-version say something else than the parameters Action and Version.")
    version = facts.header("x-acs-version") if modern else params["Version"]
    dialect, action = _chosen(version, asked.action, caller)
    call = Call(version, asked.action, params, caller, asked.request_id, asked.endpoint)
    try:
        with in_force(caller.policy), acting(Actor(caller.name, registry.RPC[version], claim.key_id, request.META.get("REMOTE_ADDR", ""), asked.request_id)):
            return action.run(call)
    except Refusal:
        raise
    except Exception as error:
        if refusal := dialect.failure(error):
            raise refusal from error
        if isinstance(error, ReelmillError):
            raise _general(error) from error
        raise


def _read(request: HttpRequest, asked: _Asked) -> tuple[Facts, dict[str, str], bool]:
    """The facts, all parameters by name, and whether it is the newer scheme. Sets action and format of the answer as soon as they are known."""
    asked.xml = False
    try:
        if "HTTP_TRANSFER_ENCODING" in request.META and request.META.get("CONTENT_LENGTH"):
            raise Refusal("InvalidRequest", "A request has either Content-Length or Transfer-Encoding.")
        body = body_of(request)
        facts = facts_of(request, body)
    except RequestDataTooBig:
        raise Refusal("RequestTooLarge", "The body of the request is too large.", 413) from None
    except UnreadablePostError:
        raise Refusal("InvalidRequest", "The body of the request was cut off.") from None
    except ValueError as error:
        raise Refusal("InvalidParameter", f"The parameters cannot be read: {error}.") from None
    params: dict[str, str] = {}
    twice = ""
    for name, value in (*facts.query, *facts.form):
        twice = name if name in params else twice
        params[name] = value
    modern = acs3.is_meant(facts)
    asked.action = facts.header("x-acs-action") if modern else params.get("Action", "")
    asked.xml = params.get("Format", "json" if modern or not params.get("Signature") else "xml").lower() == "xml"
    if twice:
        raise Refusal("InvalidParameter", f"The parameter {twice} was sent twice.")
    if any("\x00" in value for value in params.values()):
        raise Refusal("InvalidParameter", "NUL characters cannot be kept.")
    return facts, params, modern


def _caller(claim: Claim) -> Caller:
    """Who calls. Raises Refusal in the gateway's words."""
    try:
        return believe((claim,))[0]
    except Disbelieved as why:
        told: dict[Fault, tuple[str, str, int]] = {
            Fault.UNKNOWN_KEY: ("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404),
            Fault.INACTIVE_KEY: ("InvalidAccessKeyId.Inactive", "Specified access key is disabled.", 400),
            Fault.EXPIRED_KEY: ("InvalidSecurityToken.Expired", "Specified security token is expired.", 400),
            Fault.TIME: ("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", 400),
            Fault.SIGNATURE: ("SignatureDoesNotMatch", f"Specified signature is not matched with our calculation. {SERVERS_STRING}{claim.text}", 400),
            Fault.TOKEN_MISSING: ("MissingSecurityToken", "SecurityToken is mandatory for this action.", 400),
            Fault.TOKEN: ("InvalidSecurityToken.MismatchWithAccessKey", "Specified security token does not belong to the access key.", 400),
            Fault.NONCE: ("SignatureNonceUsed", "Specified signature nonce was used already.", 400),
        }
        raise Refusal(*told[why.fault]) from None


def _chosen(version: str, name: str, caller: Caller) -> tuple[Dialect, Action]:
    """Product and action, which this caller may use. Raises Refusal."""
    dialect = registry.dialect(version)
    if dialect is None:
        raise Refusal("InvalidVersion", f"Specified parameter Version is not valid: {version[:40]} is not served here.")
    action = dialect.actions.get(name)
    if action is None and name in dialect.not_served:
        raise Refusal("UnsupportedOperation", f"{name} of {dialect.product} is not served here. {dialect.not_served[name]}")
    if action is None:
        raise Refusal("InvalidAction.NotFound", f"Specified api is not found: {dialect.product} {version} has no action {name[:80]}.", 404)
    if not caller.policy.allows_action(f"{registry.RPC[version]}:{name}"):
        raise Refusal("Forbidden.RAM", f"The policy of this access key does not allow {name}.", 403)
    if not caller.at_least(action.role):
        raise Refusal("NoPermission", f"{name} needs the role «{action.role}».", 403)
    return dialect, action


def _general(error: ReelmillError) -> Refusal:
    """An error of ours that the product has no own code for."""
    code, status = GENERAL.get(error.code, ("InvalidParameter", 400))
    return Refusal(code, error.message, status)


def _refused(asked: _Asked, refusal: Refusal) -> HttpResponse:
    recommend = asked.endpoint + SDK_PAGE
    body = envelope.refused(refusal.code, refusal.message, request_id=asked.request_id, host=asked.host, recommend=recommend, xml=asked.xml)
    return _response(asked, body, refusal.status)


def _response(asked: _Asked, body: bytes, status: int) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type=envelope.XML_TYPE if asked.xml else envelope.JSON_TYPE)
    response.headers["Content-Length"] = str(len(body))
    response.headers["x-acs-request-id"] = asked.request_id
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response._has_been_logged = True  # type: ignore[attr-defined]  # a refusal is an answer; what is our fault is logged where it is noticed
    return response
