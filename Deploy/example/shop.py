#!/usr/bin/env python3
"""A shop with one table: an order and its message are written in one transaction, so one is there exactly if the other is.

usage: shop.py order NUMBER PHONE TOTAL    takes an order
       shop.py status NUMBER               what became of its message
       shop.py orders                      all orders, with the state of their messages

The address of the database is in DATABASE_URL, else that of Deploy/quickstart. Its role needs martlet_producer and a schema of its own, as a superuser makes them:
    create role shop login in role martlet_producer; create schema shop authorization shop;
Needs psycopg 3 (apt-get install python3-psycopg).
"""
import os
import sys
from datetime import datetime
from pathlib import Path

try:
    import psycopg
    from psycopg.types.json import Jsonb
except ImportError:
    sys.exit("shop.py needs psycopg 3: apt-get install python3-psycopg")


def connect():
    served = Path(".martlet/database")
    address = os.environ.get("DATABASE_URL") or (served.read_text(encoding="utf-8") if served.exists() else None)
    if not address:
        sys.exit("Set DATABASE_URL to the address of the database, or run this in the folder where Deploy/quickstart serves.")
    connection = psycopg.connect(address)  # as a role in martlet_producer
    connection.execute("create table if not exists shop.example_orders (number text primary key, phone text not null, total text not null)")
    connection.commit()
    return connection


def order(number, phone, total):
    with connect() as connection:  # commits at the end, or rolls both back
        connection.execute("insert into shop.example_orders values (%s, %s, %s)", [number, phone, total])
        connection.execute(
            """select martlet.enqueue(class => 'transactional', channel => 'sms', recipient => %s, template => 'order-confirmed', variables => %s,
                idempotency_key => %s)""",
            [phone, Jsonb({"order_number": number, "time": f"{datetime.now():%H:%M}", "total": total}), key(number)],
        )
    print(f"order {number} is taken, and its confirmation will be sent")


def key(number):
    """One order, one confirmation: a second call with the same request is the same message."""
    return f"example order {number} confirmed"


def status(number):
    with connect() as connection:
        state, reason, explanation = connection.execute("select state, reason, explanation from martlet.status(%s)", [key(number)]).fetchone()
    print(f"the confirmation of order {number} is {state}" + (f" ({reason})" if reason else "") + (f": {explanation}" if explanation else ""))


def orders():
    with connect() as connection:
        numbers = [number for (number,) in connection.execute("select number from shop.example_orders order by number")]
    for number in numbers:
        status(number)


def main():
    commands = {"order": (order, 3), "status": (status, 1), "orders": (orders, 0)}
    name, arguments = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if name not in commands or len(arguments) != commands[name][1]:
        sys.exit(__doc__)
    try:
        commands[name][0](*arguments)
    except psycopg.errors.UniqueViolation:
        sys.exit(f"order {arguments[0]} was taken before; nothing was changed")
    except psycopg.Error as error:  # what is wrong, and what to do about it: the contract says both
        sys.exit(f"{error.diag.message_primary or error}" + (f"\n{error.diag.message_hint}" if error.diag.message_hint else ""))


if __name__ == "__main__":
    main()
