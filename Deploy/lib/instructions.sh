# Instructions per message of the single-threaded part (decode variables, render, segment, price), counted by callgrind: the same on every
# run, so a change of a tenth is a change of the code. Prints `ok …` or `not ok …`; sets `instructions` to the figure.
# usage: count_instructions; needs valgrind, binutils, and the product instruction-count of a release build
count_instructions() {
    local work binary few=840 many=2520 counts=() n expected
    work=$(mktemp -d /tmp/martlet-instructions.XXXXXX)
    binary=$work/instruction-count
    # valgrind 3.19 gives up on Swift's debugging information.
    strip -g -o "$binary" "$(swift build -c release --show-bin-path)/instruction-count" || return 1
    for n in $few $many; do
        SWIFT_DETERMINISTIC_HASHING=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$n" >"$work/out" 2>&1 || { cat "$work/out"; rm -rf "$work"; return 1; }
        counts+=("$(sed -nE 's/.*Collected *: ([0-9]+).*/\1/p' "$work/out")")
    done
    rm -rf "$work"
    instructions=$(((counts[1] - counts[0]) / (many - few)))
    expected=$(<Tests/InstructionCount/expected)
    if ((instructions * 10 > expected * 11)); then
        echo "not ok: $instructions instructions a message, a tenth more than the $expected in Tests/InstructionCount/expected. Find out why; if it is worth it, write the new figure there."
        return 1
    elif ((instructions * 10 < expected * 9)); then
        echo "not ok: $instructions instructions a message, a tenth less than the $expected in Tests/InstructionCount/expected. Good; write the new figure there."
        return 1
    fi
    echo "ok: $instructions instructions a message, expected $expected"
}
