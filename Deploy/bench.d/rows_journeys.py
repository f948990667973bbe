"""Journeys: events of services, and the steps of many people."""

import time

from bench import HERE
from measure import Row
from processes import pgbench

# Every person takes six steps: two branches, a message, a wait, a branch, and the wait for an event.
JOURNEY = """entry: {event: account.opened, data: [name]}
re_entry: never
time_zone: Etc/UTC
class: marketing
channel: sms
variables: {order: LOAD, amount: "129.90", url: "https://shop.example/o/1", note: packed with care}
steps:
  country: {if: {country: [CN, HK]}, else: hello}
  rich: {if: {total: {at_least: 50}}, else: hello}
  hello: {send: load}
  moment: {wait: 1s}
  again: {if: {total: {at_least: 100}}, then: use, else: use}
  use: {wait_for: app.used, within: 30d, then: end, else: end}
"""


def apply(bench, database):
    folder = bench.config / "journeys"
    folder.mkdir(exist_ok=True)
    (folder / "activation.yaml").write_text(JOURNEY)
    bench.martlet(database, "journeys", "apply", "--config", bench.config)


def enter(bench, database, people):
    bench.server.sql(database, f"""insert into martlet_data.journey_people (journey_id, version, person, step, data, due_at)
        select j.id, j.version, 'load-' || g, j.first_step, json_build_object('name', 'Customer ' || g, 'country', 'CN', 'total', g % 200, 'sms', '+86139' || lpad(g::text, 8, '0')), clock_timestamp()
        from martlet_data.journeys j, generate_series(1, {people}) g""")
    bench.server.sql(database, "vacuum analyze martlet_data.journey_people")


def events(bench):
    """martlet.event in a transaction each: names that concern no journey, and one that people of a journey wait for."""
    database, people = bench.fresh("events"), bench.full_or_quick(200_000, 20_000)
    apply(bench, database)
    enter(bench, database, people)
    bench.server.sql(database, "update martlet_data.journey_people set step = 'use', is_waiting = true, awaits = 'app.used', due_at = clock_timestamp() + interval '30 days'")
    plain = bench.folder / "plain-event.sql"
    plain.write_text((HERE / "event.sql").read_text().replace("app.used", "page.seen"))
    total = bench.full_or_quick(200_000, 20_000)
    for name, script in (("event_16", plain), ("event_awaited_16", HERE / "event.sql")):
        row = Row(name, "call", ratio_note="nothing to compare it with")
        for _ in range(3):
            with bench.report.measuring(row, bench.server, database) as run:
                run.messages = total // 16 * 16
                run.rate, times = pgbench(bench.server, database, script, bench.output("pgbench"), 16, total // 16, {"people": people},
                                          prepared=True, latencies=True)
            row.latency(times)
        if name == "event_16":
            row.aim("≥ 10,000/s", sorted(row.rates)[1], lambda value: value >= 10_000)
        bench.report.add(row)
    bench.server.drop(database)


def steps(bench):
    """Steps of people that one worker takes; five of six belong to no message, which is enqueued in the same transaction. The lane is paused: sending is another row."""
    people = bench.full_or_quick(1_000_000, 50_000)
    database = bench.fresh("journeys")
    apply(bench, database)
    enter(bench, database, people)
    bench.pause(database)
    row = Row("journey_steps", ratio_note="nothing to compare it with")
    with bench.report.measuring(row, bench.server, database) as run:
        started = bench.now()
        worker = bench.worker(database)
        run.martlet.append(worker)
        while bench.server.number(database, "select exists (select from martlet_data.journey_people where awaits is null)::int"):
            time.sleep(0.2)
        run.messages = people * 6
        run.rate = people * 6 / (bench.now() - started)
        worker.stop()
    row.aim("≥ 20,000/s", run.rate, lambda value: value >= 20_000)
    bench.report.add(row)
    bench.server.drop(database)
