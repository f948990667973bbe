import TestSupport
import Testing

@testable import Postgres

@Suite("binary values", .scratchDatabase)
struct TypeTests {
    /// Sends the parameters to `select $1, $2, …` and returns the row. The types travel with the parameters.
    private func echo(_ bind: (inout PQParams) -> Void) async throws -> PQRow {
        let connection = try await ScratchDatabase.required().connect()
        var params = PQParams()
        bind(&params)
        let columns = (1...params.count).map { "$\($0)" }.joined(separator: ", ")
        let row = try await connection.query(PQCall("echo", "select \(columns)", prepared: false, params: params)).only
        await connection.close()
        return row
    }

    @Test("scalars come back as they were sent, at their limits too")
    func scalars() async throws {
        let row = try await echo {
            $0.bool(true)
            $0.int2(.min)
            $0.int4(.max)
            $0.int8(.min)
            $0.float8(-0.1)
            $0.text("zürich \u{1F426}")
            $0.bytea([0, 255, 7])
            $0.timestamptz(1_700_000_000_123_456)
            $0.interval(.milliseconds(-1_500))
            $0.jsonb(#"{"a": [1, null]}"#)
            $0.timestamptz(.max)
            $0.timestamptz(-1)
        }
        #expect(try row.bool(0))
        #expect(try row.int2(1) == .min)
        #expect(try row.int4(2) == .max)
        #expect(try row.int8(3) == .min)
        #expect(try row.float8(4) == -0.1)
        #expect(try row.text(5) == "zürich \u{1F426}")
        #expect(try row.bytea(6) == [0, 255, 7])
        #expect(try row.timestamptz(7) == 1_700_000_000_123_456)
        #expect(try row.interval(8) == .milliseconds(-1_500))
        #expect(try row.jsonb(9) == #"{"a": [1, null]}"#)
        #expect(try row.timestamptz(10) == .max)
        #expect(try row.timestamptz(11) == -1)
    }

    @Test("the server understands the values as we do")
    func meaning() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let sql = """
            select $1 = '2023-11-14 22:13:20.5+00'::timestamptz, $2 = '90 s'::interval, $3 -> 'a' = '1',
                   $4 = 'infinity', $5 = '{1,null,3}'::int8[], $6 = array['', null, 'b'], $7 = '{}'::text[], '1 day'::interval
            """
        let row = try await connection.query(
            PQCall("meaning", sql) {
                $0.timestamptz(1_700_000_000_500_000)
                $0.interval(.seconds(90))
                $0.jsonb(#"{"a":1}"#)
                $0.timestamptz(.max)
                $0.int8Array([1, nil, 3])
                $0.textArray(["", nil, "b"])
                $0.textArray([String]())
            }
        ).only
        for column in 0..<7 { #expect(try row.bool(column), "column \(column)") }
        #expect(try row.interval(7) == .seconds(86_400))
    }

    @Test("NULL of every type is NULL and not empty")
    func nulls() async throws {
        let types: [PQType] = [
            .bool, .bytea, .int8, .int2, .int4, .text, .float8, .timestamptz, .interval, .jsonb, .boolArray, .byteaArray,
            .int2Array,
            .int4Array, .textArray, .int8Array, .float8Array, .timestamptzArray, .intervalArray, .jsonbArray,
        ]
        let row = try await echo { for type in types { $0.null(type) } }
        for column in types.indices { #expect(try row.isNull(column)) }
        #expect(try row.textOrNull(5) == nil)
        #expect(throws: PQError.self) { try row.text(5) }
    }

    @Test("empty text, bytes and arrays are empty and not NULL")
    func empties() async throws {
        let row = try await echo {
            $0.text("")
            $0.bytea([])
            $0.int8Array([Int64]())
            $0.textArray([""])
        }
        #expect(try row.text(0).isEmpty)
        #expect(try row.bytea(1).isEmpty)
        #expect(try row.int8Array(2).isEmpty)
        #expect(try row.textArray(3) == [""])
        // Alone, so that the whole parameter buffer is empty.
        #expect(try await echo { $0.text("") }.text(0).isEmpty)
    }

    @Test("arrays come back as they were sent, NULL elements too")
    func arrays() async throws {
        let row = try await echo {
            $0.boolArray([true, nil])
            $0.int2Array([1, -2])
            $0.int4Array([7, nil])
            $0.int8Array([.min, .max])
            $0.float8Array([1.5, nil])
            $0.textArray(["a", nil, ""])
            $0.timestamptzArray([0, .max])
            $0.intervalArray([.seconds(1), nil])
            $0.byteaArray([[], [1]])
            $0.jsonbArray(["{}", nil])
        }
        #expect(try row.boolArrayOrNulls(0) == [true, nil])
        #expect(try row.int2Array(1) == [1, -2])
        #expect(try row.int4ArrayOrNulls(2) == [7, nil])
        #expect(try row.int8Array(3) == [.min, .max])
        #expect(try row.float8ArrayOrNulls(4) == [1.5, nil])
        #expect(try row.textArrayOrNulls(5) == ["a", nil, ""])
        #expect(try row.timestamptzArray(6) == [0, .max])
        #expect(throws: PQError.self) { try row.textArray(5) }
    }

    @Test("interval[], bytea[] and jsonb[] are what the server takes them for")
    func arraysByMeaning() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let sql = """
            select $1 = array['1 s', null]::interval[], $2 = array['', '\\x01']::bytea[], $3 = array['{}', null]::jsonb[],
                   array(select 1::int8 where false), '{{1},{2}}'::int8[]
            """
        let row = try await connection.query(
            PQCall("arrays", sql) {
                $0.intervalArray([.seconds(1), nil])
                $0.byteaArray([[], [1]])
                $0.jsonbArray(["{}", nil])
            }
        ).only
        for column in 0..<3 { #expect(try row.bool(column), "column \(column)") }
        #expect(try row.int8Array(3).isEmpty)
        #expect(throws: PQError.self) { try row.int8Array(4) }
    }

    @Test("a megabyte of text comes back whole")
    func large() async throws {
        let text = String(repeating: "0123456789abcdef", count: 65_536)
        #expect(try await echo { $0.text(text) }.text(0) == text)
    }

    @Test("a wrong type is an error that names statement, row and column")
    func wrongType() async throws {
        let row = try await echo { $0.int4(1) }
        let error = #expect(throws: PQError.self) { try row.int8(0) }
        #expect("\(try #require(error))" == "echo: row 0, column 0: is of type int4, not int8")
        #expect(throws: PQError.self) { try row.int4(1) }
    }

    @Test("labels of enums travel as text")
    func enums() async throws {
        let connection = try await ScratchDatabase.required().connect()
        try await connection.execute(script: "create type mood as enum ('sad', 'glad'); create table moods (m mood)")
        let rows = try await connection.query(PQCall("mood", "insert into moods values ($1) returning m") { $0.label("glad") })
        #expect(try rows.only.text(0) == "glad")
        #expect(rows.commandTag == "INSERT 0 1")
    }
}
