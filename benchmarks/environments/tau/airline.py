"""The airline of τ-bench: 14 tools over users, reservations and flights.

Traps kept from the original, as the recorded trajectories depend on them: a change of flights keeps the reservation's
cabin as it was, seats are never taken, a missing reservation is reported as a missing user, at most three reservations
and certificates are made in an episode, and the second leg of a one-stop trip shows the first day's seats.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.benchmarks.environments.shared.arithmetic import calculate
from holdfast.benchmarks.environments.shared.database import Database
from holdfast.benchmarks.environments.shared.tools import Tool, schema

TABLES = ("users", "reservations", "flights")
_BOOKINGS = ("HATHAT", "HATHAU", "HATHAV")
_CERTIFICATES = ("certificate_3221322", "certificate_3221323", "certificate_3221324")
_AIRPORTS = {
    "SFO": "San Francisco", "JFK": "New York", "LAX": "Los Angeles", "ORD": "Chicago", "DFW": "Dallas",
    "DEN": "Denver", "SEA": "Seattle", "ATL": "Atlanta", "MIA": "Miami", "BOS": "Boston", "PHX": "Phoenix",
    "IAH": "Houston", "LAS": "Las Vegas", "MCO": "Orlando", "EWR": "Newark", "CLT": "Charlotte",
    "MSP": "Minneapolis", "DTW": "Detroit", "PHL": "Philadelphia", "LGA": "LaGuardia",
}  # fmt: skip


class RefusedError(Exception):
    """A tool refuses; the model reads `Error: …`."""


class Airline:
    """The tools of one episode over its own database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.users, self.reservations = database["users"], database["reservations"]
        self.flights = database["flights"]

    def book_reservation(
        self,
        user_id: str,
        origin: str,
        destination: str,
        flight_type: str,
        cabin: str,
        flights: Sequence[Mapping[str, Any]],
        passengers: Sequence[Mapping[str, Any]],
        payment_methods: Sequence[Mapping[str, Any]],
        total_baggages: int,
        nonfree_baggages: int,
        insurance: str,
    ) -> str:
        """Book a reservation."""
        if user_id not in self.users:
            raise RefusedError("user not found")
        name = next((free for free in _BOOKINGS[:2] if free not in self.reservations), _BOOKINGS[2])
        legs = [self._leg(flight, cabin, len(passengers)) for flight in flights]
        price = sum(leg["price"] * len(passengers) for leg in legs)
        price += (30 * len(passengers) if insurance == "yes" else 0) + 50 * nonfree_baggages
        self._check_payments(user_id, payment_methods, price)
        user = self.users.edit(user_id)
        for payment in payment_methods:
            method = user["payment_methods"].get(payment["payment_id"])
            if method is not None and method["source"] == "gift_card":
                method["amount"] -= payment["amount"]
            elif user["payment_methods"][payment["payment_id"]]["source"] == "certificate":
                del user["payment_methods"][payment["payment_id"]]
        reservation = {
            "reservation_id": name,
            "user_id": user_id,
            "origin": origin,
            "destination": destination,
            "flight_type": flight_type,
            "cabin": cabin,
            "flights": legs,
            "passengers": passengers,
            "payment_history": payment_methods,
            "created_at": "2024-05-15T15:00:00",
            "total_baggages": total_baggages,
            "nonfree_baggages": nonfree_baggages,
            "insurance": insurance,
        }
        self.reservations.add(name, reservation)
        user["reservations"].append(name)
        return json.dumps(reservation)

    def _leg(self, wanted: Mapping[str, Any], cabin: str, passengers: int) -> dict[str, Any]:
        """A flight on a day with its price; refused when it does not exist, is not sold or is full."""
        number, date = wanted["flight_number"], wanted["date"]
        if number not in self.flights:
            raise RefusedError(f"flight {number} not found")
        flight = self.flights[number]
        if date not in flight["dates"]:
            raise RefusedError(f"flight {number} not found on date {date}")
        day = flight["dates"][date]
        if day["status"] != "available":
            raise RefusedError(f"flight {number} not available on date {date}")
        if day["available_seats"][cabin] < passengers:
            raise RefusedError(f"not enough seats on flight {number}")
        where = {"origin": flight["origin"], "destination": flight["destination"]}
        return {**copy.deepcopy(dict(wanted)), "price": day["prices"][cabin], **where}

    def _check_payments(self, user_id: str, payments: Sequence[Mapping[str, Any]], price: float) -> None:
        methods = self.users[user_id]["payment_methods"]
        for payment in payments:
            name, amount = payment["payment_id"], payment["amount"]
            if name not in methods:
                raise RefusedError(f"payment method {name} not found")
            if methods[name]["source"] in ("gift_card", "certificate") and methods[name]["amount"] < amount:
                raise RefusedError(f"not enough balance in payment method {name}")
        paid = sum(payment["amount"] for payment in payments)
        if paid != price:
            raise RefusedError(f"payment amount does not add up, total price is {price}, but paid {paid}")

    def calculate(self, expression: str) -> str:
        """Calculate a mathematical expression."""
        return str(round(calculate(expression), 2))

    def cancel_reservation(self, reservation_id: str) -> str:
        """Cancel the whole reservation."""
        self._reservation(reservation_id)
        reservation = self.reservations.edit(reservation_id)
        paid = reservation["payment_history"]
        refunds = [{"payment_id": one["payment_id"], "amount": -one["amount"]} for one in paid]
        reservation["payment_history"] = [*paid, *refunds]
        reservation["status"] = "cancelled"
        return json.dumps(reservation)

    def get_reservation_details(self, reservation_id: str) -> str:
        """Get the details of a reservation."""
        if reservation_id not in self.reservations:
            raise RefusedError("user not found")
        return json.dumps(self.reservations[reservation_id])

    def get_user_details(self, user_id: str) -> str:
        """Get the details of a user, with the reservations."""
        if user_id not in self.users:
            raise RefusedError("user not found")
        return json.dumps(self.users[user_id])

    def list_all_airports(self) -> str:
        """List all airports and their cities."""
        return json.dumps(_AIRPORTS)

    def search_direct_flight(self, origin: str, destination: str, date: str) -> str:
        """Search direct flights between two airports on a date."""
        found = [
            {**_facts(flight), **flight["dates"][date]}
            for flight in self.flights.values()
            if flight["origin"] == origin and flight["destination"] == destination and _sold(flight, date)
        ]
        return json.dumps(found)

    def search_onestop_flight(self, origin: str, destination: str, date: str) -> str:
        """Search flights with one stop between two airports on a date."""
        found = []
        for first in self.flights.values():
            if first["origin"] != origin:
                continue
            overnight = "+1" in first["scheduled_arrival_time_est"]
            for second in self.flights.values():
                if second["destination"] != destination or first["destination"] != second["origin"]:
                    continue
                later = f"2024-05-{int(date[-2:]) + 1}" if overnight else date
                if first["scheduled_arrival_time_est"] > second["scheduled_departure_time_est"]:
                    continue
                if _sold(first, date) and _sold(second, later):
                    found.append(
                        [
                            {**_facts(first), **first["dates"][date], "date": date},
                            {**_facts(second), **second["dates"][date], "date": later},
                        ]
                    )
        return json.dumps(found)

    def send_certificate(self, user_id: str, amount: float) -> str:
        """Send a certificate to a user."""
        if user_id not in self.users:
            raise RefusedError("user not found")
        methods = self.users.edit(user_id)["payment_methods"]
        name = next((free for free in _CERTIFICATES if free not in methods), None)
        if name is None:
            return "None"
        methods[name] = {"source": "certificate", "amount": amount, "id": name}
        return f"Certificate {name} added to user {user_id} with amount {amount}."

    def think(self, thought: str) -> str:
        """Think about something; nothing is looked up or changed."""
        return ""

    def transfer_to_human_agents(self, summary: str) -> str:
        """Transfer the user to a human agent, with a summary of the issue."""
        return "Transfer successful"

    def update_reservation_baggages(
        self, reservation_id: str, total_baggages: int, nonfree_baggages: int, payment_id: str
    ) -> str:
        """Update the baggage of a reservation."""
        current = self._reservation(reservation_id)
        price = 50 * max(0, nonfree_baggages - current["nonfree_baggages"])
        self._charge(current["user_id"], payment_id, price)
        reservation = self.reservations.edit(reservation_id)
        reservation["total_baggages"], reservation["nonfree_baggages"] = total_baggages, nonfree_baggages
        self._record(reservation, payment_id, price)
        return json.dumps(reservation)

    def update_reservation_flights(
        self, reservation_id: str, cabin: str, flights: Sequence[Mapping[str, Any]], payment_id: str
    ) -> str:
        """Update the flights of a reservation."""
        current = self._reservation(reservation_id)
        people = len(current["passengers"])
        legs = [self._kept_leg(current, flight, cabin) or self._leg(flight, cabin, people) for flight in flights]
        price = sum(leg["price"] * people for leg in legs)
        price -= sum(flight["price"] for flight in current["flights"]) * people
        self._charge(current["user_id"], payment_id, price)
        reservation = self.reservations.edit(reservation_id)
        reservation["flights"] = legs
        self._record(reservation, payment_id, price)
        return json.dumps(reservation)

    def _kept_leg(self, current: Mapping[str, Any], wanted: Mapping[str, Any], cabin: str) -> dict[str, Any] | None:
        """The flight as it was booked, when nothing about it changes."""
        for flight in current["flights"]:
            same = flight["flight_number"] == wanted["flight_number"] and flight["date"] == wanted["date"]
            if same and cabin == current["cabin"]:
                paid = {key: flight[key] for key in ("price", "origin", "destination")}
                return {**copy.deepcopy(dict(wanted)), **paid}
        return None

    def update_reservation_passengers(self, reservation_id: str, passengers: Sequence[Mapping[str, Any]]) -> str:
        """Update the passengers of a reservation."""
        if len(passengers) != len(self._reservation(reservation_id)["passengers"]):
            raise RefusedError("number of passengers does not match")
        reservation = self.reservations.edit(reservation_id)
        reservation["passengers"] = passengers
        return json.dumps(reservation)

    def _reservation(self, name: str) -> Mapping[str, Any]:
        if name not in self.reservations:
            raise RefusedError("reservation not found")
        return self.reservations[name]

    def _charge(self, user_id: str, payment_id: str, price: float) -> None:
        """Take the price from a payment method; refused for certificates and empty gift cards."""
        methods = self.users[user_id]["payment_methods"]
        if payment_id not in methods:
            raise RefusedError("payment method not found")
        source = methods[payment_id]["source"]
        if source == "certificate":
            raise RefusedError("certificate cannot be used to update reservation")
        if source == "gift_card":
            if methods[payment_id]["amount"] < price:
                raise RefusedError("gift card balance is not enough")
            self.users.edit(user_id)["payment_methods"][payment_id]["amount"] -= price

    @staticmethod
    def _record(reservation: dict[str, Any], payment_id: str, price: float) -> None:
        if price != 0:
            paid = reservation["payment_history"]
            reservation["payment_history"] = [*paid, {"payment_id": payment_id, "amount": price}]


def _facts(flight: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flight.items() if key != "dates"}


def _sold(flight: Mapping[str, Any], date: str) -> bool:
    return date in flight["dates"] and flight["dates"][date]["status"] == "available"


def _text(about: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": about, **more}


def _objects(about: str, **properties: Any) -> dict[str, Any]:
    return {"type": "array", "description": about, "items": schema(**properties)}


_USER = _text("The user's ID, such as 'sara_doe_496'.")
_RESERVATION = _text("The reservation's ID, such as '8JX2WO'.")
_PAYMENT = _text("An ID of the user's payment methods, such as 'gift_card_7815826'.")
_CABIN = _text("The cabin class.", enum=["basic_economy", "economy", "business"])
_DATE = _text("A day as YYYY-MM-DD, such as '2024-05-01'.")
_FLIGHTS = _objects("Every flight of the trip.", flight_number=_text("Such as 'HAT001'."), date=_DATE)
_PASSENGERS = _objects("Every passenger.", first_name=_text("First name."), last_name=_text("Last name."), dob=_DATE)
_PAYMENTS = _objects("What is paid how.", payment_id=_PAYMENT, amount={"type": "number", "description": "Dollars."})
_BAGS = {"type": "integer", "description": "All bags of the reservation."}
_PAID_BAGS = {"type": "integer", "description": "Those of them that are not free."}
_SEARCH = schema(origin=_text("IATA code, such as 'JFK'."), destination=_text("IATA code, such as 'LAX'."), date=_DATE)
_SCHEMAS = {
    "book_reservation": schema(
        user_id=_USER, origin=_text("IATA code, such as 'SFO'."), destination=_text("IATA code, such as 'JFK'."),
        flight_type=_text("One way or both.", enum=["one_way", "round_trip"]), cabin=_CABIN, flights=_FLIGHTS,
        passengers=_PASSENGERS, payment_methods=_PAYMENTS, total_baggages=_BAGS, nonfree_baggages=_PAID_BAGS,
        insurance=_text("Travel insurance.", enum=["yes", "no"]),
    ),
    "calculate": schema(expression=_text("Numbers, + - * / and brackets, such as '2 + 2'.")),
    "cancel_reservation": schema(reservation_id=_RESERVATION),
    "get_reservation_details": schema(reservation_id=_RESERVATION),
    "get_user_details": schema(user_id=_USER),
    "list_all_airports": schema(),
    "search_direct_flight": _SEARCH,
    "search_onestop_flight": _SEARCH,
    "send_certificate": schema(user_id=_USER, amount={"type": "number", "description": "Dollars."}),
    "think": schema(thought=_text("The thought.")),
    "transfer_to_human_agents": schema(summary=_text("A summary of the user's issue.")),
    "update_reservation_baggages": schema(
        reservation_id=_RESERVATION, total_baggages=_BAGS, nonfree_baggages=_PAID_BAGS, payment_id=_PAYMENT
    ),
    "update_reservation_flights": schema(
        reservation_id=_RESERVATION, cabin=_CABIN, flights=_FLIGHTS, payment_id=_PAYMENT
    ),
    "update_reservation_passengers": schema(reservation_id=_RESERVATION, passengers=_PASSENGERS),
}  # fmt: skip


def tools_of(database: Database) -> dict[str, Tool]:
    """The airline's tools over a database."""
    airline = Airline(database)
    return {name: _tool(airline, name, parameters) for name, parameters in _SCHEMAS.items()}


def _tool(domain: Any, name: str, parameters: Mapping[str, Any]) -> Tool:
    run = getattr(domain, name)
    return Tool(name, str(run.__doc__), parameters, run)
