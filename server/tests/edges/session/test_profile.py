"""A user's own details, applications and keys over HTTP."""

from __future__ import annotations

import pyotp

from tests.desk import Desk
from tests.edges.session.visit import PASSWORD, Visit, visiting, with_password
from waypost.domains.accounts import register_application
from waypost.kit.clock import system_clock

NEW = "a quite new password"


async def an_owner(desk: Desk, visit: Visit) -> str:
    owner = await with_password(desk, (await desk.make.account()).owner)
    await visit.sign_in(owner)
    return owner.email


async def test_details_are_changed_and_mistakes_are_named(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        await an_owner(module_desk, visit)
        done = await visit.submit("/profile", {"first_name": "Öl & <b>", "timezone": "Europe/Berlin"})
        assert (done.status, done.location) == (303, "/profile?notice=saved")
        assert (await visit.get("/profile")).value("first_name") == "Öl & <b>"
        wrong = await visit.submit("/profile", {"first_name": "", "timezone": "Moon/Crater"})
        assert wrong.status == 422
        faults = [node.text() for node in wrong.tree.css(".fault")]
        assert faults == ["May not be empty.", "Unknown time zone."]


async def test_no_role_or_address_is_taken_from_the_form(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        user = await with_password(module_desk, (await module_desk.make.account()).user)
        await visit.sign_in(user)
        fields = {"role": "owner", "email": "eve@evil.example", "status": "deleted", "account_id": "1"}
        assert (await visit.submit("/profile", fields)).status == 303
        text = (await visit.get("/profile")).text
        assert user.email in text
        assert "owner" not in text


async def test_the_password_is_changed_and_other_browsers_are_out(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as here, visiting(module_desk) as there:
        await here.sign_in(owner)
        await there.sign_in(owner)
        wrong = await here.submit(
            "/profile/security",
            {"password": "not the password", "new_password": NEW, "repeated": NEW},
            "/profile/password",
        )
        assert wrong.status == 422
        assert "This is not your password." in wrong.text
        assert (await there.get("/profile")).status == 200
        fields = {"password": PASSWORD, "new_password": NEW, "repeated": NEW}
        done = await here.submit("/profile/security", fields, "/profile/password")
        assert done.location == "/profile/security?notice=password"
        assert (await here.get("/profile")).status == 200
        assert (await there.get("/profile")).status == 302


async def test_sessions_are_listed_and_the_others_ended(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    agent = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/605.1"}
    async with visiting(module_desk) as here, visiting(module_desk, headers=agent) as phone:
        await here.sign_in(owner)
        await phone.sign_in(owner)
        page = await here.get("/profile/security")
        assert "Safari on iPhone" in page.text
        assert page.text.count("this browser") == 1
        done = await here.send(page, action="/profile/sessions/end-others")
        assert done.location == "/profile/security?notice=elsewhere"
        assert (await phone.get("/profile")).status == 302
        assert "Safari on iPhone" not in (await here.get("/profile/security")).text


async def test_a_second_factor_is_set_up_and_removed(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        await an_owner(module_desk, visit)
        begun = await visit.submit("/profile/security", {"password": PASSWORD}, "/profile/second-factor")
        assert begun.location == "/profile/second-factor"
        page = await visit.get(begun.location)
        assert page.tree.css_first("svg.qr path") is not None
        code = pyotp.TOTP(page.value("totp-secret")).at(system_clock())
        wrong = await visit.send(page, {"code": "000000" if code != "000000" else "111111"})
        assert wrong.status == 422
        done = await visit.send(page, {"code": code})
        assert done.location == "/profile/security?notice=on"
        assert (await visit.get("/profile/second-factor")).location == "/profile/security"
        removal = "/profile/second-factor/remove"
        assert (await visit.submit("/profile/security", {"password": "not it at all"}, removal)).status == 422
        off = await visit.submit("/profile/security", {"password": PASSWORD}, removal)
        assert off.location == "/profile/security?notice=off"


async def test_an_application_is_registered_and_its_secret_shown_once(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        email = await an_owner(module_desk, visit)
        fields = {"name": "Sync <i>", "redirect_url": "https://sync.example/return", "dialect": "platform"}
        made = await visit.submit("/profile/apps", fields)
        assert made.status == 200
        client_id, secret = made.value("client-id"), made.value("client-secret")
        client = await module_desk.client()
        token = await client.post(
            "/v2/oauth2/token",
            json={"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret},
        )
        assert token.status_code == 200
        own = await module_desk.client(token.json()["access_token"])
        assert (await own.get("/v2/users/me")).json()["email"] == email
        listed = await visit.get("/profile/apps")
        assert "Sync <i>" in listed.text
        assert secret not in listed.answer.text


async def test_mistakes_in_an_application_are_named_and_what_was_typed_stays(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        await an_owner(module_desk, visit)
        fields = {"name": "", "redirect_url": "javascript:alert(1)", "dialect": "platform"}
        wrong = await visit.submit("/profile/apps", fields)
        assert wrong.status == 422
        assert len(wrong.tree.css(".fault")) == 2
        assert wrong.value("redirect_url") == "javascript:alert(1)"


async def test_an_application_is_changed_gets_a_new_secret_and_is_deleted(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        await an_owner(module_desk, visit)
        made = await visit.submit("/profile/apps", {"name": "Sync"})
        (path,) = {node.attributes["href"] or "" for node in (await visit.get("/profile/apps")).tree.css(".row-title")}
        saved = await visit.submit(path, {"name": "Renamed", "dialect": "platform"}, path)
        assert saved.location == "/profile/apps?notice=saved"
        assert (await visit.get(path)).title == "Renamed"
        renewed = await visit.submit(path, action=f"{path}/secret")
        assert renewed.value("client-id") == made.value("client-id")
        assert renewed.value("client-secret") != made.value("client-secret")
        gone = await visit.submit(path, action=f"{path}/delete")
        assert gone.location == "/profile/apps?notice=deleted"
        assert (await visit.get(path)).status == 404


async def test_an_application_of_somebody_else_does_not_exist(module_desk: Desk) -> None:
    account, other = await module_desk.make.account(), await module_desk.make.account()
    user = await with_password(module_desk, account.user)
    ids = []
    for owner in (account.owner, other.owner):
        async with module_desk.transactions.open() as tx:
            ids.append((await register_application(tx, owner.actor, "Theirs"))[0].id)
    async with visiting(module_desk) as visit:
        await visit.sign_in(user)
        _, own = (await visit.get("/profile")).form()
        token = {"csrf_token": own["csrf_token"]}
        for application_id in ids:
            path = f"/profile/apps/{application_id}"
            assert (await visit.get(path)).status == 404
            for action in ("", "/secret", "/delete"):
                page = await visit.post(
                    path + action, {**token, "name": "Mine", "redirect_url": "https://evil.example"}
                )
                assert page.status in (403, 404)
    async with module_desk.connection() as connection:
        names = await connection.fetch("select name from oauth_application where id = any($1)", ids)
    assert {row["name"] for row in names} == {"Theirs"}


async def test_a_key_is_made_shown_once_and_revoked(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        await an_owner(module_desk, visit)
        made = await visit.submit("/profile/keys", {"label": "Website <b>"})
        key = made.value("new-key")
        assert len(key) >= 24
        listed = await visit.get("/profile/keys")
        assert "Website <b>" in listed.text
        assert key not in listed.answer.text
        revoked = await visit.send(listed, action=next(action for action in actions(listed.answer.text)))
        assert revoked.location == "/profile/keys?notice=revoked"
        assert "You have no keys yet." in (await visit.get("/profile/keys")).text


def actions(html: str) -> list[str]:
    from selectolax.lexbor import LexborHTMLParser

    found = [node.attributes.get("action") or "" for node in LexborHTMLParser(html).css("form")]
    return [action for action in found if action.endswith("/revoke")]


async def test_a_key_of_somebody_else_cannot_be_revoked(module_desk: Desk) -> None:
    account = await module_desk.make.account()
    owner, user = await with_password(module_desk, account.owner), await with_password(module_desk, account.user)
    async with visiting(module_desk) as theirs, visiting(module_desk) as visit:
        await theirs.sign_in(owner)
        made = await theirs.submit("/profile/keys", {"label": "Theirs"})
        (action,) = actions(made.answer.text)
        await visit.sign_in(user)
        _, own = (await visit.get("/profile")).form()
        assert (await visit.post(action, {"csrf_token": own["csrf_token"]})).status == 404
        assert "Theirs" in (await theirs.get("/profile/keys")).text


async def test_notifications_are_chosen(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        await an_owner(module_desk, visit)
        page = await visit.get("/profile/notifications")
        assert page.title == "Notifications"
        ticked = {node.attributes["name"] for node in page.tree.css("main input[type=checkbox][checked]")}
        assert "mentioned" in ticked
        assert "newConversation" not in ticked
        _, standing = page.form()
        fields = {"csrf_token": standing["csrf_token"], "newConversation": "1"}
        done = await visit.post("/profile/notifications", fields)
        assert (done.status, done.location) == (303, "/profile/notifications?notice=saved")
        page = await visit.get("/profile/notifications")
        ticked = {node.attributes["name"] for node in page.tree.css("main input[type=checkbox][checked]")}
        assert ticked == {"newConversation"}
