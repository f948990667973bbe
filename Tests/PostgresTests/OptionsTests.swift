import Glibc
import Testing

@testable import Postgres

@Suite("connection strings")
struct OptionsTests {
    private func only(_ conninfo: String) throws -> [String: String] {
        try #require(ConnectionTarget.hosts(.init(conninfo)).first).keywords
    }

    @Test("hosts elsewhere get verified TLS unless the string says otherwise")
    func tls() throws {
        #expect(try only("host=db.example.com")["sslmode"] == "verify-full")
        #expect(try only("postgresql://db.example.com/x?sslmode=require")["sslmode"] == "require")
        #expect(try only("hostaddr=10.0.0.1")["sslmode"] == "verify-full")
        #expect(try only("host=127.0.0.1.evil.example")["sslmode"] == "verify-full")
        for local in ["/run/postgresql", "localhost", "127.0.0.1", "::1"] {
            #expect(try only("host=\(local)")["sslmode"] == nil, "\(local)")
        }
    }

    @Test("sessions must be able to write unless the string says otherwise")
    func attributes() throws {
        #expect(try only("host=/tmp")["target_session_attrs"] == "read-write")
        #expect(try only("host=/tmp target_session_attrs=any")["target_session_attrs"] == "any")
    }

    @Test("several hosts are several targets, in order")
    func several() throws {
        let targets = try ConnectionTarget.hosts(.init("postgresql://a:1,b:2/x"))
        #expect(targets.map(\.label) == ["a:1", "b:2"])
        #expect(throws: PQError.self) { try ConnectionTarget.hosts(.init("host=a,b,c port=1,2")) }
    }

    @Test("a string that cannot be read is not repeated")
    func unreadable() throws {
        let error = #expect(throws: PQError.self) { try ConnectionTarget.hosts(.init("host=a hunter2")) }
        let text = "\(try #require(error))"
        #expect(text.hasPrefix("connection string:") && !text.contains("hunter2"))
    }

    @Test("names are looked up off the loop, in time or not at all")
    func lookup() async throws {
        #expect(await ConnectionTarget.resolve("localhost", within: .seconds(30), on: .shared).contains("127.0.0.1"))
        #expect(await ConnectionTarget.resolve("nowhere.invalid", within: .seconds(30), on: .shared).isEmpty)
    }

    @Test("waits between attempts grow to 10 s and never vanish")
    func backoff() {
        for failures in 1..<40 {
            let wait = PQPool.backoff(failures: failures)
            #expect(wait >= .milliseconds(50) && wait <= .seconds(10))
        }
        #expect(PQPool.backoff(failures: 20) >= .seconds(5))
    }

    @Test("errors show no rows of data errors")
    func details() {
        var error = PQServerError(
            statement: "admit", sqlstate: "23502", message: "null value", detail: "Failing row contains (secret).")
        #expect("\(PQError.server(error))" == "admit: null value (SQLSTATE 23502)")
        error.sqlstate = "40P01"
        #expect("\(PQError.server(error))".contains("Failing row"))
        #expect(PQError.server(error).isRetryable)
    }
}
