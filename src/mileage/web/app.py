"""The web application: every route, behind the same layers of defence.

From outside to inside: headers on every answer; a bug becomes a 500 that tells
nothing; only known hosts; compression; who is asking (default deny); whether it is
dark; then routes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from mileage.domain.errors import MileageError
from mileage.web import (
    access_pages,
    adoption_pages,
    api,
    awards_pages,
    board_pages,
    card_pages,
    dark,
    department_pages,
    door,
    export_pages,
    group_pages,
    hearing_pages,
    hooks,
    my_data_pages,
    observe,
    oidc,
    oversight_pages,
    pages,
    readers,
    receiver_pages,
    scim,
    session_pages,
    sign_in,
    taking_part_pages,
    terms_pages,
    unclaimed_pages,
    witness_door,
)
from mileage.web.compression import Compressed
from mileage.web.counted import Counted
from mileage.web.guard import Guard
from mileage.web.intake import Intake
from mileage.web.page_rates import PageRates
from mileage.web.problems import answer, answer_error, answer_http, plain
from mileage.web.security import KnownHosts, SecurityHeaders, Surprises

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import Lifespan

    from mileage.web.intake import Limits
    from mileage.web.services import Services


def create_app(
    services: Services,
    limits: Limits | None = None,
    lifespan: Lifespan[Starlette] | None = None,
    intake: Intake | None = None,
) -> Starlette:
    """Put the application together; ``limits`` bounds the bodies of telemetry.

    ``intake`` is the one that another transport brings bodies to as well.
    """
    intake = intake or Intake(services.door, limits)
    app = Starlette(
        routes=_routes(services, intake),
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Surprises, tell=plain),
            Middleware(
                KnownHosts, hosts=services.allowed_hosts, address=services.address
            ),
            Middleware(Counted, meter=services.receiver.meters.door),
            Middleware(Compressed),
            Middleware(Guard, sign_in=services.sign_in),
            Middleware(PageRates, a_minute=services.page_rate),
            Middleware(dark.Darkened, desk=services.dark),
            Middleware(Surprises, tell=answer),
        ],
        exception_handlers={MileageError: answer_error, HTTPException: answer_http},
        lifespan=lifespan,
    )
    app.state.services = services
    return app


def _routes(services: Services, intake: Intake) -> list[BaseRoute]:
    """List every address; each has a row in ``route_access``."""
    return [
        *pages.routes(),
        *board_pages.routes(),
        *access_pages.routes(),
        *department_pages.routes(),
        *hearing_pages.routes(),
        *receiver_pages.routes(),
        *oversight_pages.routes(),
        *terms_pages.routes(),
        *unclaimed_pages.routes(),
        *dark.routes(),
        *readers.routes(),
        *my_data_pages.routes(),
        *awards_pages.routes(),
        *taking_part_pages.routes(),
        *card_pages.routes(),
        *export_pages.routes(),
        *group_pages.routes(),
        *adoption_pages.routes(),
        *api.routes(),
        *door.routes(services.door, intake=intake),
        *witness_door.routes(services.door, intake),
        *hooks.routes(intake),
        *sign_in.routes(),
        *session_pages.routes(),
        *oidc.routes(),
        *scim.routes(),
        *observe.routes(services.receiver),
    ]
