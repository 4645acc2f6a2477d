"""Who calls: a staff key, whose rows it may see, and what its owner's role may do."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.http import HttpRequest, HttpResponse
from ninja.decorators import decorate_view
from ninja.operation import Operation
from ninja.security import HttpBearer

from agent.protocol.credentials import CredentialPrefix, credential_hash
from agent.protocol.problems import ProblemType
from agent.protocol.words import Source
from server_stub.api.problems import RefusedError, problem
from server_stub.clients.scope import Scope
from server_stub.desk.models import ApiKey, Technician
from server_stub.desk.refusals import note_refusal
from server_stub.desk.rights import Right, demand, may
from server_stub.errors import ForbiddenError, InvalidError
from server_stub.logs import note
from server_stub.tickets.amendment import Actor
from server_stub.walls import see

_USE_NOTED_EVERY = timedelta(minutes=1)
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Caller:
    """The technician a key acts for, whose rows it may see, and when it called."""

    technician: Technician
    scope: Scope
    now: datetime

    @property
    def actor(self) -> Actor:
        """Return the caller as timelines name who did something."""
        return Actor(self.technician.email, Source.API.value)


class StaffKey(HttpBearer):
    """Accepts ``wds_…`` keys that were not revoked and whose owner is active."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Return the key; None for an unknown one.

        Raises RefusedError for a credential that belongs on other routes, and ForbiddenError when
        the owner's role may not do what the route does: before anything looks at the body.
        """
        if token.startswith((CredentialPrefix.DEVICE, CredentialPrefix.ENROLMENT)):
            raise RefusedError(
                ProblemType.WRONG_CREDENTIAL,
                HTTPStatus.FORBIDDEN,
                "Device and enrolment tokens are for the agent; this route takes a staff key "
                "(wds_…).",
            )
        key = _key_of(token)
        if key is None:
            return None
        now = datetime.now(UTC)
        _note_use(key, now)
        caller = Caller(key.technician, key.scope, now)
        see(caller.scope.client_ids)
        note(technician=caller.technician.id, key=key.prefix)
        request.caller = caller  # type: ignore[attr-defined] # ours, read by caller_of alone
        _demand_one(key.technician.role, request.rights)  # type: ignore[attr-defined] # set by needs
        return key


def caller_of(request: HttpRequest) -> Caller:
    """Return who calls."""
    return cast("Caller", request.caller)  # type: ignore[attr-defined] # set by StaffKey


def scope_of(request: HttpRequest) -> Scope:
    """Return whose rows the caller may see."""
    return caller_of(request).scope


def needs(
    right: Right, *others: Right
) -> Callable[
    [Callable[Concatenate[HttpRequest, _P], _R]], Callable[Concatenate[HttpRequest, _P], _R]
]:
    """Let a view be entered only by callers whose role has this right, or one of the others.

    They are told before the body is read: whoever may not do a thing learns that, whatever was
    sent. Stands right below the route. Query parameters that the view does not know are refused as
    well: one that is mistyped would else narrow nothing, and nobody would notice.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, _P], _R],
    ) -> Callable[Concatenate[HttpRequest, _P], _R]:
        @wraps(view)
        def enter(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
            _check_parameters(request, enter)
            return view(request, *args, **kwargs)

        enter.rights = (right, *others)  # type: ignore[attr-defined] # read by rights_of
        decorate_view(_asking((right, *others)))(enter)
        return enter

    return decorate


def rights_of(view: Callable[..., Any]) -> tuple[Right, ...]:
    """Return what a view needs, any of them; raises AttributeError for one that says nothing."""
    return cast("tuple[Right, ...]", inspect.getattr_static(view, "rights"))


def forbidden(request: HttpRequest, error: ForbiddenError | type[ForbiddenError]) -> HttpResponse:
    """Answer who may not do this, and write it down: by then its transaction is taken back."""
    note_refusal(request, caller_of(request).technician, "api", str(error))
    return problem(ProblemType.FORBIDDEN, HTTPStatus.FORBIDDEN, f"{error}. Nothing was changed.")


def parameters_of(operation: Operation) -> set[str]:
    """Return the names of an operation's query parameters."""
    return {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in getattr(model, "__ninja_flatten_map__", {})
    }


def _asking(rights: tuple[Right, ...]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Tell ``StaffKey`` which rights an operation needs, one of which is enough."""

    def around(run: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run)
        def asked(request: HttpRequest, **values: Any) -> Any:  # noqa: ANN401 - as ninja has it
            request.rights = rights  # type: ignore[attr-defined] # read by StaffKey alone
            return run(request, **values)

        return asked

    return around


def _demand_one(role: str, rights: tuple[Right, ...]) -> None:
    if not any(may(role, right) for right in rights):
        demand(role, rights[0])


def _check_parameters(request: HttpRequest, view: Callable[..., Any]) -> None:
    known = parameters_of(view._ninja_operation)  # type: ignore[attr-defined] # noqa: SLF001 - ninja leaves it there
    for name in request.GET:
        if name not in known:
            there = f"there are {', '.join(sorted(known))}" if known else "there are none here"
            raise InvalidError(name[:100], f"there is no such query parameter; {there}")


def _key_of(token: str) -> ApiKey | None:
    rows = ApiKey.objects.select_related("technician")
    return rows.filter(
        key_hash=credential_hash(token), revoked_at__isnull=True, technician__is_active=True
    ).first()


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at > _USE_NOTED_EVERY:
        ApiKey.objects.filter(id=key.id).update(last_used_at=now)
