#!/usr/bin/env python3
"""Writes one day of a shop's messages into a folder: what Deploy/quickstart enqueues. The same day for the same seed and hour.

usage: day.py FOLDER [--scale 1.0] [--seed 47] [--now ISO8601]

  day.ndjson       orders, parcels, refunds, alerts, small campaigns    → martlet-producer
  flash-sale.csv   one campaign as marketing would export it            → martlet-producer
  logins.sql       login codes, one call each, as a web shop makes them  → psql
  checkout.sql     orders with their message in one transaction          → psql
  people.ndjson    consents and opt-outs                                 → Deploy/quickstart
  trickle.ndjson   what --minutes keeps sending                          → Deploy/quickstart
"""

import argparse
import csv
import json
import random as randomness
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import orders
from people import MARKETS, customer

# template: class, messages at scale 1, share of e-mail, variables
EVENTS = {
    "order-confirmed": ("transactional", 2600, 0.6, orders.confirmed),
    "payment-failed": ("transactional", 180, 0.5, orders.payment_failed),
    "refund-issued": ("transactional", 260, 0.6, orders.refund),
    "account-alert": ("transactional", 240, 0.5, orders.alert),
    "parcel-shipped": ("notification", 2000, 0.4, orders.shipped),
    "parcel-delivered": ("notification", 1500, 0.0, orders.delivered),
    "pickup-ready": ("notification", 500, 0.0, orders.pickup),
    "review-request": ("notification", 60, 0.0, orders.review),  # the template with the mistake in it
    "cart-reminder": ("marketing", 420, 0.0, orders.basket),
    "win-back": ("marketing", 320, 0.0, orders.coupon),
    "birthday-coupon": ("marketing", 120, 0.0, orders.coupon),
    "newsletter": ("marketing", 2000, 1.0, orders.newsletter),
}
QUIET = (time(22), time(8))
# The languages each template is written in, by (template, channel); a service asks for one that there is.
LANGUAGES = {
    (path.parent.name, path.name.split(".")[1]): {other.name.split(".")[0] for other in path.parent.glob(f"*.{path.name.split('.')[1]}.mustache")}
    for folder in ("Config/templates", "Deploy/sample/templates") for path in Path(folder).glob("*/*.*.mustache")}


def is_quiet(market, now) -> bool:
    local = now.astimezone(ZoneInfo(market.zone)).time()
    return local >= QUIET[0] or local < QUIET[1]


class Day:
    def __init__(self, arguments):
        self.random = randomness.Random(arguments.seed)
        self.now, self.scale = arguments.now, arguments.scale
        # Whatever the hour of the run, most customers are awake and some are not.
        shares = [market.share * (0.2 if is_quiet(market, self.now) else 1) for market in MARKETS]
        markets = self.random.choices(MARKETS, shares, k=int(6000 * self.scale) + 100)
        self.customers = [customer(self.random, number, market) for number, market in enumerate(markets)]

    def moment(self, who):
        """Some minute of the last eleven hours, on the customer's own clock."""
        return (self.now - timedelta(minutes=self.random.randrange(3, 660))).astimezone(ZoneInfo(who.market.zone))

    def message(self, template, who=None, key=None):
        kind, _, by_mail, variables = EVENTS[template]
        who = who or self.random.choice(self.customers)
        order = orders.Order(self.random, who, self.moment(who))
        channel = "email" if self.random.random() < by_mail else "sms"
        message = {
            "class": kind, "channel": channel, "recipient": who.email if channel == "email" else who.phone, "template": template,
            "recipient_key": who.key, "locale": who.locale if who.locale in LANGUAGES[template, channel] else "en",
            "time_zone": who.market.zone, "variables": variables(self.random, order),
            "idempotency_key": key or f"{template}:{who.key}:{order.number}"}
        if who.tier:
            message["tier"] = who.tier
        if who.market.sender:
            message["sender"] = who.market.sender
        if kind == "marketing":
            message["group_key"] = f"{template}-{self.now:%Y-%m}"
        return message

    def events(self):
        messages = [self.message(template) for template, spec in EVENTS.items() for _ in range(int(spec[1] * self.scale))]
        # A market stall that orders all day: more parcels than the daily cap of notifications.
        awake = [who for who in self.customers if not is_quiet(who.market, self.now)]
        for who in self.random.sample(awake, 3):
            messages += [self.message("parcel-delivered", who) for _ in range(14)]
        # Wording that Chinese law does not allow: held for a human.
        shanghai = [who for who in self.customers if who.market.name == "cn"]
        for who in self.random.sample(shanghai, min(12, len(shanghai))):
            message = self.message("cart-reminder", who)
            message["class"], message["variables"] = "transactional", {"item": "全网最低价的真丝围巾"}
            messages.append(message)
        # A language that nobody has written yet: refused at the door.
        messages += [self.message("parcel-delivered") | {"locale": "fr"} for _ in range(6)]
        self.random.shuffle(messages)
        return messages

    def mistakes(self, good):
        """What real feeds contain: the producer refuses each with line, field and reason."""
        for number, bad in enumerate(["123", "1380-0138-OOO", "n/a", "+0044770090", "no phone"] * 6):
            yield self.message("parcel-shipped", key=f"bad-phone-{number}") | {"channel": "sms", "recipient": bad}
        for number, bad in enumerate(["anna.weber", "li@@mail.example", "Ann <ann@mail.example>", "sofia@mail", "a b@mail.example"] * 3):
            yield self.message("order-confirmed", key=f"bad-mail-{number}") | {"channel": "email", "recipient": bad}
        for number in range(8):
            yield self.message("order-confirmed", key=f"typo-{number}") | {"template": "oder-confirmed"}
        for number in range(4):
            yield self.message("parcel-shipped", key=f"zone-{number}") | {"time_zone": "Beijing+8"}
        for number in range(3):
            yield self.message("refund-issued", key=f"class-{number}") | {"class": "urgent"}
        # A job that ran twice: same key, same request, so the same message.
        yield from (dict(message) for message in self.random.sample(good, 120))
        # A bug: the same key for another order.
        for message in self.random.sample([one for one in good if one["template"] == "parcel-delivered"], 5):
            yield message | {"variables": message["variables"] | {"order_number": "SW000000000"}}

    def flash_sale(self):
        """Two hours long; who sleeps through it gets nothing."""
        until = self.now + timedelta(hours=2)
        for who in self.random.sample(self.customers, min(len(self.customers), int(2200 * self.scale))):
            local = until.astimezone(ZoneInfo(who.market.zone))
            yield {
                "recipient": who.phone, "recipient_key": who.key, "time_zone": who.market.zone,
                "locale": who.locale if who.locale in LANGUAGES["flash-sale", "sms"] else "en", "tier": who.tier or "", "expires_at": until.isoformat(timespec="seconds"),
                "discount": "8折" if who.chinese else "20%", "until": orders.when(local, who.locale)}

    def logins(self):
        people = self.random.sample(self.customers, int(900 * self.scale))
        calls = people + people[:40] + people[40:52] * 6  # some ask twice, some tap the button again and again
        for number, who in enumerate(calls):
            variables = {"code": f"{self.random.randrange(10**6):06d}", "minutes": 5}
            yield (
                f"select martlet.enqueue(class => 'otp', channel => 'sms', recipient => '{who.phone}', template => 'login-code', "
                f"variables => '{json.dumps(variables)}', idempotency_key => 'login-{number}', recipient_key => '{who.key}', "
                f"locale => '{who.locale}', time_zone => '{who.market.zone}'"
                + (f", sender => '{who.market.sender}'" if who.market.sender else "") + ");\n")

    def checkout(self):
        yield "create table if not exists shop.orders (number text primary key, customer text not null, total text not null);\n"
        for number in range(int(150 * self.scale)):
            message = self.message("order-confirmed", key=f"checkout-{number}")
            order, total = message["variables"]["order_number"], message["variables"]["total"]
            document = json.dumps([message], ensure_ascii=False).replace("'", "''")
            yield (
                f"begin;\ninsert into shop.orders values ('{order}', '{message['recipient_key']}', '{total}');\n"
                f"select * from martlet.enqueue_many('{document}');\ncommit;\n")

    def people(self):
        for who in self.customers:
            for channel in ("sms", "email"):
                if who.consent:
                    yield {"consent": who.consent, "key": who.key, "channel": channel}
            if self.random.random() < 0.02:
                yield {"suppress": who.phone, "channel": "sms", "scope": "marketing"}
            if self.random.random() < 0.01:
                yield {"suppress": who.email, "channel": "email", "scope": self.random.choice(["marketing", "all_except_otp"])}

    def write(self, folder):
        def lines(name, rows):
            with open(folder / name, "w", encoding="utf-8") as file:
                for row in rows:
                    file.write(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) + "\n")

        good = self.events()
        rows = good + list(self.mistakes(good))
        # Mistakes stand among the rest, but after what they repeat.
        head = len(good) // 3
        tail = rows[head:]
        self.random.shuffle(tail)
        lines("day.ndjson", rows[:head] + tail)
        sale = list(self.flash_sale())
        with open(folder / "flash-sale.csv", "w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, fieldnames=list(sale[0]))
            table.writeheader()
            table.writerows(sale)
        lines("logins.sql", self.logins())
        lines("checkout.sql", self.checkout())
        lines("people.ndjson", self.people())
        kinds = ["order-confirmed"] * 4 + ["parcel-shipped"] * 3 + ["parcel-delivered"] * 2 + ["refund-issued"]
        lines("trickle.ndjson", (self.message(self.random.choice(kinds), key=f"trickle-{number}") for number in range(5000)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=47)
    parser.add_argument("--now", type=datetime.fromisoformat, default=datetime.now(timezone.utc))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    Day(arguments).write(arguments.folder)


if __name__ == "__main__":
    main()
