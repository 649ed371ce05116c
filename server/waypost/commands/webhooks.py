"""`waypost webhooks …`: subscriptions and their log from the machine's side."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from waypost.commands.base import DataDir, open_desk, run
from waypost.domains import webhooks
from waypost.domains.accounts import Actor
from waypost.domains.webhooks import Delivery, DeliveryFilter, Webhook
from waypost.kit.paging import PageRequest

group = typer.Typer(
    name="webhooks", help="Look at what webhooks were sent, and send it again.", no_args_is_help=True,
    add_completion=False,
)  # fmt: skip

AccountOption = Annotated[int, typer.Option("--account", help="Id of the account.")]
WebhookId = Annotated[int, typer.Argument(help="Id of the webhook.")]
Limit = Annotated[int, typer.Option(min=1, max=1000)]


@group.command("list")
def list_webhooks(account: AccountOption, data_dir: DataDir = None) -> None:
    """The webhooks of an account and how they fare."""

    async def look() -> list[Webhook]:
        async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
            page = await webhooks.list_webhooks(tx, Actor.system(account), PageRequest(1, 1000))
            return page.items

    table = Table("id", "state", "address", "events", "last success", "failures", "why off")
    for item in run(look()):
        table.add_row(
            str(item.id),
            item.state.value,
            item.url,
            " ".join(item.events),
            f"{item.last_success_at:%Y-%m-%d %H:%M}" if item.last_success_at else "",
            str(item.consecutive_failures),
            item.disabled_reason or "",
        )
    Console().print(table)


@group.command()
def deliveries(
    account: AccountOption,
    webhook: WebhookId,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    limit: Limit = 50,
    data_dir: DataDir = None,
) -> None:
    """What a webhook was sent, newest first."""

    async def look() -> list[Delivery]:
        async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
            wanted = DeliveryFilter(states=[state] if state else None)
            page = PageRequest(1, limit)
            return (await webhooks.log.list_deliveries(tx, Actor.system(account), webhook, wanted, page)).items

    table = Table("id", "event", "about", "state", "attempts", "queued", "event id")
    for item in run(look()):
        table.add_row(
            str(item.id),
            item.event_type,
            f"{item.resource_kind} {item.resource_id}",
            item.state.value,
            str(item.attempts),
            f"{item.created_at:%Y-%m-%d %H:%M:%S}",
            item.event_id,
        )
    Console().print(table)


@group.command()
def redeliver(
    account: AccountOption,
    webhook: WebhookId,
    delivery: Annotated[int, typer.Argument(help="Id of the delivery.")],
    data_dir: DataDir = None,
) -> None:
    """Send a delivery again; a worker that runs does so at once."""

    async def again() -> Delivery:
        async with open_desk(data_dir) as desk, desk.transactions.open() as tx:
            return await webhooks.log.redeliver(tx, Actor.system(account), webhook, delivery)

    typer.echo(f"Queued as delivery {run(again()).id}.")


@group.command("test")
def send_test(
    account: AccountOption,
    webhook: WebhookId,
    event: Annotated[str | None, typer.Option(help="The event to send a sample of.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Send `helpscout.test`, or a sample of another event; a worker that runs does so at once."""

    async def test() -> Delivery:
        async with open_desk(data_dir) as desk, desk.transactions.open() as tx:
            actor = Actor.system(account)
            return await webhooks.log.send_test(tx, actor, desk.context.compose_webhook, webhook, event)

    typer.echo(f"Queued as delivery {run(test()).id}.")
