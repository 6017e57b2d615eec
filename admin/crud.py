"""One table's CRUD as the school needs it: own school filled in, foreign records unknown, Russian names (D10)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from piccolo.columns import Column, ForeignKey
from piccolo_admin.endpoints import TableConfig
from piccolo_api.crud.endpoints import ParamException, Params, PiccoloCRUD
from piccolo_api.crud.validators import Validators
from piccolo_api.crud.validators import apply_validators as _apply_validators
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from admin.labels import CHOICES, TABLES, WORDS, column_title, table_name
from admin.problems import BAD_VALUE, CLOSED, NOT_FOUND, READ_ONLY, refuse
from admin.scope import ROUTE, StaffMember, as_application
from diary.audit.tables import AuditEntry
from diary.kit import database

#: How many names a record picker offers at once; the panel asks for six at a time.
MOST_IDS = 100
#: The panel exports in pages of this size (G18: nobody's request may take the database away from others).
MOST_ROWS = 1000

#: What a page of the panel shows; its longest page has a hundred records, so whoever asks for more takes them away.
PAGE_SIZE = 25
LONGEST_PAGE = 100

Method = TypeVar("Method", bound=Callable[..., Any])

WRITING = ("post_single", "patch_single", "delete_single", "put_single", "delete_all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A table of the panel: what is shown of it, and whether staff may change it there (D10)."""

    config: TableConfig
    writable: bool
    crud: type[SchoolCRUD]
    #: Columns that no form or filter shows.
    hidden: tuple[Column, ...]
    #: Columns that the staff role may not even select.
    unreadable: tuple[Column, ...]
    files: tuple[Column, ...]


def staff_of(request: Request) -> StaffMember:
    """Return the signed-in staff member of a request."""
    member: StaffMember = request.user
    return member


def checked(method: Method) -> Method:
    """Run the table's validators before a method of its CRUD."""
    wrapped: Method = _apply_validators(method)  # type: ignore[no-untyped-call]
    return wrapped


def closed(text: str) -> Any:
    """Return a validator that refuses with this sentence."""

    def refuse_it(request: Request, piccolo_crud: PiccoloCRUD) -> None:  # noqa: ARG001 - Piccolo calls by name
        raise HTTPException(405, text)

    return refuse_it


def validators(*, writable: bool) -> Validators:
    """Return what closes PUT everywhere, and every way of writing on a table that has rules (D10)."""
    if writable:
        return Validators(put_single=[closed(CLOSED)], delete_all=[closed(CLOSED)])
    refusals: dict[str, Any] = {name: [closed(READ_ONLY)] for name in WRITING}
    return Validators(**refusals)


def stock(method: Any) -> Any:
    """Return a Piccolo method without its error handler, which would log whole records and answer in English."""
    return method.__wrapped__.__wrapped__


def stock_reading(method: Any) -> Any:
    """Return a Piccolo method without its validators, which have been asked already."""
    return method.__wrapped__


def same(stored: object, sent: object) -> bool:
    """Whether a field is as it was; the panel sends instants without their fraction of a second."""
    if isinstance(stored, datetime) and isinstance(sent, datetime) and not sent.microsecond:
        return stored.replace(microsecond=0) == sent
    return stored == sent


class SchoolCRUD(PiccoloCRUD):
    """Piccolo's CRUD with the school filled in, changes narrowed to what changed, and one answer for the unknown."""

    max_page_size = MOST_ROWS

    def __init__(self, listing: Listing) -> None:
        config = listing.config
        self._pages: dict[bool, Any] = {}
        self.unreadable = frozenset(column._meta.name for column in listing.unreadable)
        self.hidden = self.unreadable | {column._meta.name for column in listing.hidden}
        super().__init__(
            table=config.table_class,
            read_only=not listing.writable,
            page_size=PAGE_SIZE,
            validators=validators(writable=listing.writable),
            schema_extra={
                "visible_column_names": config.get_visible_column_names(),
                "visible_filter_names": config.get_visible_filter_names(),
                "rich_text_columns": config.get_rich_text_columns_names(),
                "media_columns": [column._meta.name for column in listing.files],
                "link_column_name": config.get_link_column()._meta.name,
                "order_by": tuple(order.to_dict() for order in config.get_order_by()),
                "time_resolution": config.get_time_resolution(),
            },
        )

    # Building a model costs more than the query; those of the whole table are built once.

    @cached_property
    def pydantic_model(self) -> type[BaseModel]:
        """What is sent in."""
        return super().pydantic_model

    @cached_property
    def pydantic_model_optional(self) -> type[BaseModel]:
        """What is sent in to change a part."""
        return super().pydantic_model_optional

    @cached_property
    def pydantic_model_filters(self) -> type[BaseModel]:
        """What is asked for."""
        return super().pydantic_model_filters

    def pydantic_model_plural(
        self,
        include_readable: bool = False,  # noqa: FBT001, FBT002 - Piccolo's signature
        include_columns: tuple[Column, ...] = (),
        nested: Any = False,  # noqa: FBT002
    ) -> Any:
        """Return what a page of records is shown through."""
        build = super().pydantic_model_plural
        if nested or len(include_columns) != len(self.table._meta.columns):
            return build(include_readable, include_columns, nested)
        if include_readable not in self._pages:
            self._pages[include_readable] = build(include_readable, include_columns, nested)
        return self._pages[include_readable]

    # What the panel is told about the table.

    @checked
    async def get_schema(self, request: Request) -> JSONResponse:
        """Describe the table in Russian; who has one school never sees the column."""
        schema: dict[str, Any] = self.pydantic_model.model_json_schema()
        schema["extra"] = {**schema["extra"], "help_text": self.table._meta.help_text}
        hidden = set(self.hidden)
        if staff_of(request).only_school is not None:
            hidden.add("school")
        for column in self.table._meta.columns:
            name = column._meta.name
            if name in hidden:
                schema["properties"].pop(name, None)
            elif name in schema["properties"]:
                self._put_into_russian(column, schema["properties"][name])
        needed = {column._meta.name for column in self.table._meta.foreign_key_columns if not column._meta.null}
        schema["required"] = sorted({*schema.get("required", ()), *needed} & schema["properties"].keys())
        for names in ("visible_column_names", "visible_filter_names"):
            schema["extra"][names] = [name for name in schema["extra"][names] if name not in hidden]
        return JSONResponse(schema)

    def _put_into_russian(self, column: Column, described: dict[str, Any]) -> None:
        extra = described["extra"]
        described["title"] = column_title(column)
        if extra.get("help_text") == described["title"]:
            extra["help_text"] = None
        choices = column._meta.choices
        if isinstance(choices, type) and issubclass(choices, StrEnum):
            for choice in extra["choices"].values():
                choice["display_name"] = CHOICES[choices][choice["value"]]
        elif self.table is AuditEntry and column._meta.name in WORDS:
            extra["choices"] = {
                value: {"value": value, "display_name": name} for value, name in WORDS[column._meta.name].items()
            }
        if isinstance(column, ForeignKey):
            target = column._foreign_key_meta.resolved_references
            if target in TABLES:
                extra["foreign_key"]["to"] = table_name(target)
            else:
                del extra["foreign_key"]

    @checked
    async def get_references(self, request: Request) -> JSONResponse:  # noqa: ARG002 - Piccolo's signature
        """Name the tables that hang on this one, those only that the panel shows."""
        references = self.table._meta.foreign_key_references
        return JSONResponse(
            {
                "references": [
                    {"tableName": table_name(column._meta.table), "columnName": column._meta.name}
                    for column in references
                    if column._meta.table in TABLES
                ]
            }
        )

    @checked
    async def get_ids(self, request: Request) -> Response:
        """Offer records by name, a bounded number at a time, in the order of the alphabet."""
        try:
            limit = min(int(request.query_params.get("limit", MOST_IDS)), MOST_IDS)
            offset = int(request.query_params.get("offset", 0))
        except ValueError:
            return refuse(400, BAD_VALUE)
        if limit < 0 or not 0 <= offset < 10**9:
            return refuse(400, BAD_VALUE)
        key = self.table._meta.primary_key._meta.name
        listed = self.table.select().columns(key, self.table.get_readable())
        rows = await self.table.raw(
            f"SELECT {key}, readable FROM ({listed}) AS named WHERE readable ILIKE {{}} "  # noqa: S608 - no input
            f"ORDER BY readable, {key} LIMIT {limit} OFFSET {offset}",
            f"%{_like(request.query_params.get('search', ''))}%",
        )
        return JSONResponse({str(row[key]): row["readable"] for row in rows})

    # What is asked of the table.

    def _split_params(self, params: dict[str, Any]) -> Params:
        """Read a query's parameters; whatever does not fit is one refusal, and no header is made of any."""
        asked = {name: value for name, value in params.items() if not name.startswith("__range_header")}
        try:
            split = super()._split_params(asked)
        except (ValueError, TypeError, AttributeError) as problem:
            raise ParamException(BAD_VALUE) from problem
        if split.page < 1 or split.page > 10**6 or (split.page_size is not None and split.page_size < 1):
            raise ParamException(BAD_VALUE)
        if self.unreadable:
            self._refuse_unreadable(split)
            wanted = split.visible_fields or self.table._meta.columns
            split.visible_fields = [column for column in wanted if column._meta.name not in self.unreadable]
        return split

    def _refuse_unreadable(self, split: Params) -> None:
        """Refuse a query that names what nobody may read, to show it, to order by it or to guess at it."""
        named = {name.split(".")[0] for name in (*split.fields, *split.operators, *split.match_types)}
        named |= {column._meta.name for column in split.visible_fields or ()}
        named |= {order.column._meta.name for order in split.order_by or ()}
        if named & self.unreadable:
            raise ParamException(BAD_VALUE)

    @checked
    async def get_all(self, request: Request, params: dict[str, Any] | None = None) -> Response:
        """Return a page of records; one that is longer than the panel shows is an export, and the trail keeps it."""
        asked = params or {}
        answered: Response = await stock_reading(PiccoloCRUD.get_all)(self, request, asked)
        # Read as Piccolo reads it: "1_000" and " 1000" are a thousand too.
        if answered.status_code == 200 and int(asked.get("__page_size", PAGE_SIZE)) > LONGEST_PAGE:
            await self._record_export(staff_of(request), asked)
        return answered

    async def _record_export(self, member: StaffMember, asked: dict[str, Any]) -> None:
        page = json.dumps({name: str(value) for name, value in asked.items()}, ensure_ascii=False)
        async with as_application(member):
            await database.execute(
                """
                INSERT INTO audit_entry (at, school, actor, route, action, record, record_id, after)
                SELECT diary_now(), school, $2, $3, 'EXPORT', $4, '', $5 FROM unnest($1::uuid[]) school
                """,
                list(member.schools),
                member.viewer.account_id,
                ROUTE,
                self.table._meta.tablename,
                page,
            )

    async def detail(self, request: Request) -> Response:
        """Answer for one record; one that does not exist and one of another school get the same answer."""
        if request.method == "PUT":
            return refuse(405, CLOSED)
        try:
            row_id = self.table._meta.primary_key.value_type(request.path_params["row_id"])
        except ValueError:
            return refuse(404, NOT_FOUND)
        if not isinstance(row_id, UUID) and not 0 < row_id < 2**63:
            return refuse(404, NOT_FOUND)
        if not await self.table.count().where(self.table._meta.primary_key == row_id):
            return refuse(404, NOT_FOUND)
        answered: Response
        if request.method == "PATCH":
            answered = await self.patch_single(request, row_id, await request.json())
        elif request.method == "DELETE":
            answered = await self.delete_single(request, row_id)
        else:
            answered = await self.get_single(request, row_id)
        return answered

    # What staff write.

    @checked
    async def post_single(self, request: Request, data: dict[str, Any]) -> Response:
        """Add a record to the member's school."""
        data = {**self._defaults(), **self._without_id(data)}
        if "school" in self._columns and not data.get("school"):
            only = staff_of(request).only_school
            if only is None:
                raise HTTPException(422, "Укажите школу.")
            data["school"] = str(only)
        await self._require_known(data)
        posted: Response = await stock(PiccoloCRUD.post_single)(self, request, data)
        return posted

    @checked
    async def patch_single(self, request: Request, row_id: Any, data: dict[str, Any]) -> Response:
        """Change what differs, so that a form that sends every field overwrites nobody's fresh change of another."""
        data = self._without_id(data)
        unknown = data.keys() - self._columns.keys()
        if unknown:
            return refuse(400, BAD_VALUE)
        row = await self.stored(row_id)
        wanted = self.pydantic_model_optional(**self._clean_data(data)).model_dump()
        changed = {name: data[name] for name in data if not same(row[name], wanted[name])}
        if not changed:
            return await self.row(row_id)
        await self._require_known(changed)
        patched: Response = await stock(PiccoloCRUD.patch_single)(self, request, row_id, changed)
        return patched

    delete_single = checked(stock(PiccoloCRUD.delete_single))

    async def row(self, row_id: Any) -> Response:
        """Answer with the record as it stands now."""
        return Response(
            self.pydantic_model(**await self.stored(row_id)).model_dump_json(), media_type="application/json"
        )

    async def stored(self, row_id: Any) -> dict[str, Any]:
        """Return the record as the staff role sees it; raises HTTPException when it has just gone."""
        key = self.table._meta.primary_key
        row = await self.table.select(exclude_secrets=True).where(key == row_id).first()
        if row is None:
            raise HTTPException(404, NOT_FOUND)
        return row

    @property
    def _columns(self) -> dict[str, Column]:
        return {column._meta.name: column for column in self.table._meta.columns}

    def _defaults(self) -> dict[str, Any]:
        """Return what a new record begins with: Piccolo would put nothing where a field is not sent."""
        new = self.table(_ignore_missing=True).to_dict()
        begun: dict[str, Any] = self.pydantic_model_optional(**self._without_id(new)).model_dump(mode="json")
        return self._without_id(begun)

    def _without_id(self, data: dict[str, Any]) -> dict[str, Any]:
        """Drop the record's own number: the database gives it, and nobody may probe for one by taking it."""
        key = self.table._meta.primary_key._meta.name
        return {name: value for name, value in data.items() if name != key}

    async def _require_known(self, data: dict[str, Any]) -> None:
        """Refuse keys that the staff role cannot see before a constraint could tell that they exist."""
        for column in self.table._meta.foreign_key_columns:
            value = data.get(column._meta.name)
            if value in {None, "", "null"}:
                continue
            target = column._foreign_key_meta.resolved_references
            try:
                key = target._meta.primary_key.value_type(value)
            except (ValueError, TypeError, AttributeError) as problem:
                raise HTTPException(422, f"«{column_title(column)}»: выберите запись") from problem
            # Of some tables staff may not read every column, and EXISTS would ask for them all.
            own = target._meta.primary_key
            if not await target.select(own).where(own == key).limit(1):
                raise HTTPException(422, f"«{column_title(column)}»: {NOT_FOUND}")


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
