"""The retail shop of τ-bench: 16 tools over users, orders and products."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.benchmarks.environments.shared.arithmetic import calculate
from holdfast.benchmarks.environments.shared.database import Database
from holdfast.benchmarks.environments.shared.tools import Tool, schema
from holdfast.benchmarks.environments.tau.airline import RefusedError

TABLES = ("users", "orders", "products")


class Retail:
    """The tools of one episode over its own database."""

    def __init__(self, database: Database) -> None:
        self.users, self.orders, self.products = database["users"], database["orders"], database["products"]

    def calculate(self, expression: str) -> str:
        """Calculate a mathematical expression."""
        return str(round(calculate(expression), 2))

    def cancel_pending_order(self, order_id: str, reason: str) -> str:
        """Cancel a pending order and refund it. The user must have confirmed."""
        current = self._order(order_id, "pending", "non-pending order cannot be cancelled")
        if reason not in ("no longer needed", "ordered by mistake"):
            raise RefusedError("invalid reason")
        order = self.orders.edit(order_id)
        refunds = []
        for payment in current["payment_history"]:
            method = payment["payment_method_id"]
            refunds.append({"transaction_type": "refund", "amount": payment["amount"], "payment_method_id": method})
            if "gift_card" in method:
                self._pay_in(order["user_id"], method, payment["amount"])
        order["status"], order["cancel_reason"] = "cancelled", reason
        order["payment_history"] = [*order["payment_history"], *refunds]
        return json.dumps(order)

    def exchange_delivered_order_items(
        self, order_id: str, item_ids: Sequence[str], new_item_ids: Sequence[str], payment_method_id: str
    ) -> str:
        """Exchange items of a delivered order for others of the same products, once. The user must have confirmed."""
        current = self._order(order_id, "delivered", "non-delivered order cannot be exchanged")
        difference = round(self._difference(current, item_ids, new_item_ids), 2)
        method = self._method(current["user_id"], payment_method_id)
        if method["source"] == "gift_card" and method["balance"] < difference:
            raise RefusedError("insufficient gift card balance to pay for the price difference")
        order = self.orders.edit(order_id)
        order["status"] = "exchange requested"
        order["exchange_items"], order["exchange_new_items"] = sorted(item_ids), sorted(new_item_ids)
        order["exchange_payment_method_id"] = payment_method_id
        order["exchange_price_difference"] = difference
        return json.dumps(order)

    def find_user_id_by_email(self, email: str) -> str:
        """Find a user's ID by email."""
        for user_id, profile in self.users.items():
            if profile["email"].lower() == email.lower():
                return user_id
        raise RefusedError("user not found")

    def find_user_id_by_name_zip(self, first_name: str, last_name: str, zip: str) -> str:
        """Find a user's ID by first name, last name and zip code."""
        wanted = (first_name.lower(), last_name.lower(), zip)
        for user_id, profile in self.users.items():
            name = profile["name"]
            if (name["first_name"].lower(), name["last_name"].lower(), profile["address"]["zip"]) == wanted:
                return user_id
        raise RefusedError("user not found")

    def get_order_details(self, order_id: str) -> str:
        """Get the status and details of an order."""
        if order_id not in self.orders:
            raise RefusedError("order not found")
        return json.dumps(self.orders[order_id])

    def get_product_details(self, product_id: str) -> str:
        """Get the details of a product with its variants."""
        if product_id not in self.products:
            raise RefusedError("product not found")
        return json.dumps(self.products[product_id])

    def get_user_details(self, user_id: str) -> str:
        """Get the details of a user, with the orders."""
        if user_id not in self.users:
            raise RefusedError("user not found")
        return json.dumps(self.users[user_id])

    def list_all_product_types(self) -> str:
        """List the name and ID of all product types."""
        found = {str(product["name"]): product["product_id"] for product in self.products.values()}
        return json.dumps(dict(sorted(found.items())))

    def modify_pending_order_address(self, order_id: str, **address: str) -> str:
        """Change the shipping address of a pending order. The user must have confirmed."""
        self._order(order_id, "pending", "non-pending order cannot be modified")
        order = self.orders.edit(order_id)
        order["address"] = _address(address)
        return json.dumps(order)

    def modify_pending_order_items(
        self, order_id: str, item_ids: Sequence[str], new_item_ids: Sequence[str], payment_method_id: str
    ) -> str:
        """Change items of a pending order for others of the same products, once. The user must have confirmed."""
        current = self._order(order_id, "pending", "non-pending order cannot be modified")
        difference = self._difference(current, item_ids, new_item_ids)
        method = self._method(current["user_id"], payment_method_id)
        if method["source"] == "gift_card" and method["balance"] < difference:
            raise RefusedError("insufficient gift card balance to pay for the new item")
        order = self.orders.edit(order_id)
        kind = "payment" if difference > 0 else "refund"
        paid = {"transaction_type": kind, "amount": abs(difference), "payment_method_id": payment_method_id}
        order["payment_history"].append(paid)
        if method["source"] == "gift_card":
            self._pay_in(order["user_id"], payment_method_id, -difference)
        for item_id, new in zip(item_ids, new_item_ids, strict=True):
            item = next(item for item in order["items"] if item["item_id"] == item_id)
            variant = self.products[item["product_id"]]["variants"][new]
            item["item_id"], item["price"], item["options"] = new, variant["price"], variant["options"]
        order["status"] = "pending (item modified)"
        return json.dumps(order)

    def modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> str:
        """Change the payment method of a pending order. The user must have confirmed."""
        current = self._order(order_id, "pending", "non-pending order cannot be modified")
        method = self._method(current["user_id"], payment_method_id)
        history = current["payment_history"]
        if len(history) > 1 or history[0]["transaction_type"] != "payment":
            raise RefusedError("there should be exactly one payment for a pending order")
        before, amount = history[0]["payment_method_id"], history[0]["amount"]
        if before == payment_method_id:
            raise RefusedError("the new payment method should be different from the current one")
        if method["source"] == "gift_card" and method["balance"] < amount:
            raise RefusedError("insufficient gift card balance to pay for the order")
        order = self.orders.edit(order_id)
        order["payment_history"] += [
            {"transaction_type": "payment", "amount": amount, "payment_method_id": payment_method_id},
            {"transaction_type": "refund", "amount": amount, "payment_method_id": before},
        ]
        if method["source"] == "gift_card":
            self._pay_in(order["user_id"], payment_method_id, -amount)
        if "gift_card" in before:
            self._pay_in(order["user_id"], before, amount)
        return json.dumps(order)

    def modify_user_address(self, user_id: str, **address: str) -> str:
        """Change a user's default address. The user must have confirmed."""
        if user_id not in self.users:
            raise RefusedError("user not found")
        user = self.users.edit(user_id)
        user["address"] = _address(address)
        return json.dumps(user)

    def return_delivered_order_items(self, order_id: str, item_ids: Sequence[str], payment_method_id: str) -> str:
        """Return items of a delivered order. The user must have confirmed."""
        current = self._order(order_id, "delivered", "non-delivered order cannot be returned")
        self._method(current["user_id"], payment_method_id)
        original = current["payment_history"][0]["payment_method_id"]
        if "gift_card" not in payment_method_id and payment_method_id != original:
            raise RefusedError("payment method should be either the original payment method or a gift card")
        there = [item["item_id"] for item in current["items"]]
        if any(item_ids.count(one) > there.count(one) for one in item_ids):
            raise RefusedError("some item not found")
        order = self.orders.edit(order_id)
        order["status"], order["return_items"] = "return requested", sorted(item_ids)
        order["return_payment_method_id"] = payment_method_id
        return json.dumps(order)

    def think(self, thought: str) -> str:
        """Think about something; nothing is looked up or changed."""
        return ""

    def transfer_to_human_agents(self, summary: str) -> str:
        """Transfer the user to a human agent, with a summary of the issue."""
        return "Transfer successful"

    def _order(self, order_id: str, status: str, refusal: str) -> Mapping[str, Any]:
        if order_id not in self.orders:
            raise RefusedError("order not found")
        if self.orders[order_id]["status"] != status:
            raise RefusedError(refusal)
        return self.orders[order_id]

    def _method(self, user_id: str, payment_method_id: str) -> Mapping[str, Any]:
        methods = self.users[user_id]["payment_methods"]
        if payment_method_id not in methods:
            raise RefusedError("payment method not found")
        return methods[payment_method_id]  # type: ignore[no-any-return]

    def _difference(self, order: Mapping[str, Any], item_ids: Sequence[str], new_item_ids: Sequence[str]) -> float:
        """What the new items cost more; refused where one does not exist, is another product or not available."""
        there = [item["item_id"] for item in order["items"]]
        for one in item_ids:
            if item_ids.count(one) > there.count(one):
                raise RefusedError(f"{one} not found")
        if len(item_ids) != len(new_item_ids):
            raise RefusedError("the number of items to be exchanged should match")
        difference: float = 0
        for old, new in zip(item_ids, new_item_ids, strict=True):
            item = next(item for item in order["items"] if item["item_id"] == old)
            variants = self.products[item["product_id"]]["variants"]
            if new not in variants or not variants[new]["available"]:
                raise RefusedError(f"new item {new} not found or available")
            difference += variants[new]["price"] - item["price"]
        return difference

    def _pay_in(self, user_id: str, method: str, amount: float) -> None:
        card = self.users.edit(user_id)["payment_methods"][method]
        card["balance"] = round(card["balance"] + amount, 2)


_ADDRESS = ("address1", "address2", "city", "state", "country", "zip")


def _address(given: Mapping[str, str]) -> dict[str, str]:
    return {key: given[key] for key in _ADDRESS}


def _text(about: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": about, **more}


def _texts(about: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": about}


_ORDER = _text("The order's ID with its '#', such as '#W0000000'.")
_USER = _text("The user's ID, such as 'sara_doe_496'.")
_METHOD = _text("The payment method of the charge or refund, such as 'gift_card_0000000'; see the user's details.")
_ITEMS = _texts("Item IDs, such as '1008292230'; one twice when there are two.")
_NEW = _texts("The new items' IDs, each in the place of the old one.")
_PLACE = {key: _text(f"The {key} of the address, such as 'Suite 1' or '90001'.") for key in _ADDRESS}
_SCHEMAS = {
    "calculate": schema(expression=_text("Numbers, + - * / and brackets, such as '2 + 2'.")),
    "cancel_pending_order": schema(
        order_id=_ORDER, reason=_text("Why.", enum=["no longer needed", "ordered by mistake"])
    ),
    "exchange_delivered_order_items": schema(
        order_id=_ORDER, item_ids=_ITEMS, new_item_ids=_NEW, payment_method_id=_METHOD
    ),
    "find_user_id_by_email": schema(email=_text("Such as 'something@example.com'.")),
    "find_user_id_by_name_zip": schema(
        first_name=_text("First name."), last_name=_text("Last name."), zip=_text("Zip code, such as '12345'.")
    ),
    "get_order_details": schema(order_id=_ORDER),
    "get_product_details": schema(product_id=_text("The product's ID (not an item's), such as '6086499569'.")),
    "get_user_details": schema(user_id=_USER),
    "list_all_product_types": schema(),
    "modify_pending_order_address": schema(order_id=_ORDER, **_PLACE),
    "modify_pending_order_items": schema(
        order_id=_ORDER, item_ids=_ITEMS, new_item_ids=_NEW, payment_method_id=_METHOD
    ),
    "modify_pending_order_payment": schema(order_id=_ORDER, payment_method_id=_METHOD),
    "modify_user_address": schema(user_id=_USER, **_PLACE),
    "return_delivered_order_items": schema(order_id=_ORDER, item_ids=_ITEMS, payment_method_id=_METHOD),
    "think": schema(thought=_text("The thought.")),
    "transfer_to_human_agents": schema(summary=_text("A summary of the user's issue.")),
}


def tools_of(database: Database) -> dict[str, Tool]:
    """The shop's tools over a database."""
    shop = Retail(database)
    return {name: _tool(shop, name, parameters) for name, parameters in _SCHEMAS.items()}


def _tool(domain: Any, name: str, parameters: Mapping[str, Any]) -> Tool:
    run = getattr(domain, name)
    return Tool(name, str(run.__doc__), parameters, run)
