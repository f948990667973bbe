/// What `martlet-producer --help` says after the flags.
public enum ProducerHelp {
    public static let discussion = """
        Keys (NDJSON) and header (CSV) are the arguments of martlet.enqueue: class, channel, recipient, template, variables, \
        idempotency_key, scheduled_at, expires_at, recipient_key, locale, time_zone, tier, group_key, sender, headers, traceparent. \
        All others are variables of the template. With --audience they are the columns of people: person, sms, email, addresses, \
        locale, time_zone, tier, variables. gzip is recognised by itself.

        Killed at any point and run again, every line is in exactly once: the position is stored with the rows.

        The database is MARTLET_DATABASE_URL, the file of --database-url-file, or libpq's PG* variables.

        EXIT CODES
          0   every record is enqueued
          1   finished; some records were rejected (see the reject file)
          64  wrong flags, or --import-id belongs to another file or to other flags
          65  stopped by --strict or --max-rejects, or the file as a whole cannot be understood, or has no records
          69  the database is not available; run again and it goes on
          70  internal error
          74  the input or the reject file cannot be read or written
          75  interrupted, or another run is at work; run again and it goes on
          77  the database role may not enqueue
          78  settings, policy or templates are wrong, there is no such database or role, or the schema is not the one this binary knows
        """
}
