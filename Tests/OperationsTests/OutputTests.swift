import Domain
import Testing
import Text

@testable import Operations

@Suite("Outputs as JSON and text")
struct OutputTests {
    @Test(
        "times are ISO 8601 in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00Z"),
            (1_798_761_599_500_000, "2026-12-31T23:59:59.500000Z"),
        ] as [(Int64, String)])
    func times(microseconds: Int64, text: String) { #expect(Timestamp(microseconds: microseconds).iso8601 == text) }

    @Test(
        "money is exact",
        arguments: [(6500, "0.0065"), (75_000, "0.075"), (1_200_000, "1.20"), (0, "0.00"), (-90, "-0.00009")] as [(Int64, String)]
    )
    func money(micros: Int64, text: String) { #expect(decimal(micros: micros) == text) }

    @Test("what happened and what to do are two sentences")
    func sentences() {
        #expect(Advice.sentences("variable `a` is missing", "send `a`") == "variable `a` is missing. Send `a`")
        #expect(Advice.sentences("It is in doubt.", "Look for it.") == "It is in doubt. Look for it.")
        let error = OperationError(.refused, "`a` is missing", hint: "send it")
        #expect("\(error)" == "`a` is missing. Send it")
    }

    @Test("JSON keeps order, escapes, and puts stored JSON in as it is")
    func json() {
        let value: JSONValue = ["b": "q\"\\\n\u{1}", "a": [.int(1), .null], "raw": .raw("{\"x\":1}"), "none": []]
        #expect(
            value.text
                == "{\n  \"b\": \"q\\\"\\\\\\n\\u0001\",\n  \"a\": [\n    1,\n    null\n  ],\n  \"raw\": {\"x\":1},\n  \"none\": []\n}"
        )
    }

    @Test("a provider's option is found in its own block")
    func place() {
        let text =
            "providers:\n  a:\n    options:\n      host: x\n\n  # host:\n  b:\n    transport: smtp\n    options:\n      host: y\n"
        #expect(YAMLPlace.find("b", "host", in: text) == 10)
        #expect(YAMLPlace.find("a", "port", in: text) == 2)
        #expect(YAMLPlace.find("c", "host", in: text) == nil)
    }
}
