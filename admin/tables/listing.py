"""How one table stands in the panel."""

from __future__ import annotations

from collections.abc import Sequence

from piccolo.columns import Column
from piccolo_admin.endpoints import TableConfig
from piccolo_api.crud.endpoints import OrderBy

from admin.crud import Listing, SchoolCRUD


def listing(
    group: str,
    shown: Sequence[Column],
    *,
    link: Column,
    order: Column,
    newest_first: bool = False,
    then: tuple[Column, ...] = (),
    waiting_first: Column | None = None,
    writable: bool = False,
    crud: type[SchoolCRUD] = SchoolCRUD,
    hidden: tuple[Column, ...] = (),
    unreadable: tuple[Column, ...] = (),
    files: tuple[Column, ...] = (),
) -> Listing:
    """List a table under a group of the menu with these columns, the link's column leading to the record.

    `waiting_first` is a state whose OPEN records stand above all others.
    """
    table = link._meta.table
    if any(column._meta.primary_key for column in shown):
        # Piccolo's page breaks on it.
        raise ValueError(f"{table.__name__}: the record's number is no column of a list")
    kept_out = {column._meta.name for column in (*hidden, *unreadable)}
    return Listing(
        config=TableConfig(
            table_class=table,
            visible_columns=list(shown),
            visible_filters=[column for column in table._meta.columns if column._meta.name not in kept_out],
            menu_group=group,
            link_column=link,
            order_by=[
                *([OrderBy(waiting_first, ascending=False)] if waiting_first else []),
                OrderBy(order, ascending=not newest_first),
                *(OrderBy(column) for column in then),
            ],
        ),
        writable=writable,
        crud=crud,
        hidden=hidden,
        unreadable=unreadable,
        files=files,
    )
