"""Signing in and out (D11)."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.access import types
from api.context import Info
from diary.access import password_change
from diary.access import sign_in as signing_in


@strawberry.type
class AccessMutations:
    """Mutations of access."""

    @strawberry.mutation(
        description="Start a session. An unknown login and a wrong password get the same answer after the same time; "
        "repeated failures make the login wait in that network (SIGN_IN_DELAYED).",
        graphql_type=types.SignedIn,
    )
    async def sign_in(
        self,
        info: Info,
        login: Annotated[str, strawberry.argument(description="The login.")],
        password: Annotated[str, strawberry.argument(description="The password.")],
        code: Annotated[  # noqa: ARG002 - accounts with a second factor do not exist yet; clients send the field already
            str | None, strawberry.argument(description="The one-time code of staff who have a second factor.")
        ] = None,
    ) -> signing_in.SignedIn:
        """Start a session."""
        started = await signing_in.sign_in(login, password, route=info.context.route, address=info.context.address)
        # The rest of this document is answered to whoever has just signed in.
        info.context.become(started.viewer, started.token)
        return started

    @strawberry.mutation(
        description="Change the own password; every session of the account ends, this one too. A password that the "
        "school has given signs nothing until its owner has changed it (PASSWORD_NOT_OWN)."
    )
    async def change_password(
        self,
        info: Info,
        current_password: Annotated[str, strawberry.argument(description="The password until now.")],
        new_password: Annotated[str, strawberry.argument(description="The new one, 8 to 128 characters.")],
    ) -> bool:
        """Change the password."""
        context = info.context
        await password_change.change_password(
            await context.viewer(), current=current_password, new=new_password, address=context.address
        )
        context.forget()
        return True

    @strawberry.mutation(
        description="End the session of this request at once, its open sockets included; false when there was none."
    )
    async def sign_out(self, info: Info) -> bool:
        """End the session."""
        context = info.context
        if context.token is None:
            return False
        ended = await signing_in.sign_out(context.token)
        context.forget()
        return ended
