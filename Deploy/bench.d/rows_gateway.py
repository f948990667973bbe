"""Receipts that providers call back, alone and beside sends."""

import time

from bench import HERE
from measure import Row
from processes import Child, figures

RATE = 5000
"""Of each a second."""
PROVIDER = """  twilio:
    transport: twilio
    channels: [sms]
    options:
      account_sid: AC0123456789abcdef0123456789abcdef
      auth_token_file: {token}
"""


def callbacks(bench):
    """5,000 signed callbacks a second, each about a message of its own; 5,000 messages a second; both at once."""
    seconds = bench.full_or_quick(30, 6)
    token = bench.output("token")
    token.write_text("0123456789abcdef0123456789abcdef\n")
    token.chmod(0o600)
    providers = bench.config / "policy" / "providers.yaml"
    standard = (HERE / "providers.yaml").read_text()
    providers.write_text(standard + PROVIDER.format(token=token))
    database = bench.fresh("callbacks")
    bench.apply(database)
    providers.write_text(standard)

    gateway = Child([bench.binaries / "martlet-gateway", "--public-url", "https://hooks.swallow.example"], bench.output("gateway"),
                    env={**bench.environment(database), "MARTLET_GATEWAY_HEALTH": "off"})
    worker = bench.worker(database)
    bench.await_empty(database, 30)

    def calls():
        return bench.load(database, "callbacks", "--token-file", token, "--connections", 512, "--rate", RATE, "--count", RATE * seconds)

    def seeded():
        return int(bench.server.sql(database, "select count(*) from martlet_data.attempts where provider = 'twilio'")[0][0])

    def sends(start):
        bench.await_empty(database, 30)
        return bench.throughput(database, since=start)[1]

    calls().finish()  # connections, plans and pages are warm
    start = bench.now()
    bench.offer(database, RATE, seconds).finish()
    alone = sends(start)
    row = Row("callbacks_alone", "POST → 200", ratio_note="no pgbench counterpart")
    tell(bench, row, figures(calls().finish()))

    row = Row("callbacks_beside_sends", "POST → 200", ratio_note="no pgbench counterpart")
    before = seeded()
    called = calls()
    while seeded() == before:
        time.sleep(0.2)  # it makes its messages first
    start = bench.now()
    offered = bench.offer(database, RATE, seconds)
    found = figures(called.finish())
    offered.finish()
    beside = sends(start)
    row.figures["sends alone, messages/s"] = alone
    row.figures["sends beside, messages/s"] = beside
    row.aim("sends to those alone, ≥ 0.95", beside / alone, lambda value: value >= 0.95)
    tell(bench, row, found)
    bench.hear(row, worker)
    worker.stop()
    gateway.stop()
    bench.server.drop(database)


def tell(bench, row, found):
    row.rates.append(found["callbacks"])
    row.p50.append(found["callback_p50"])
    row.p99.append(found["callback_p99"])
    row.aim("callbacks kept a second, of those offered, ≥ 0.99", found["callbacks"] / RATE, lambda value: value >= 0.99)
    row.aim("p99 ≤ 250 ms", found["callback_p99"], lambda value: value <= 250)
    bench.report.add(row)
