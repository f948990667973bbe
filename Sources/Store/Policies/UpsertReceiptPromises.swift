import Postgres

/// Providers whose receipts are expected, and within what time.
public struct UpsertReceiptPromises: Statement {
    public var promises: [(provider: String, within: Duration)]
    public init(promises: [(provider: String, within: Duration)]) { self.promises = promises }
    public var sql: String {
        """
        with input as materialized (select * from unnest($1::text[], $2::interval[]) i(provider, receipt_within)),
        gone as (delete from martlet_data.receipt_promises where provider not in (select provider from input))
        insert into martlet_data.receipt_promises (provider, receipt_within) select provider, receipt_within from input
        on conflict (provider) do update set receipt_within = excluded.receipt_within
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(promises.map(\.provider))
        parameters.intervalArray(promises.map(\.within))
    }
}
