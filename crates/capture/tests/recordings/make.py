#!/usr/bin/env python3
"""Makes the recordings of this folder: a finger that presses, another that joins it, and both lift.

Nothing here was measured. The values follow a rule, so that each format tells the same story and every
reader can be held against it. Run it after a change of the rule, then
OPENWEIGH_WRITE_GOLDEN=1 cargo test -p openweigh-capture --test import
"""

import json
import math
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
X, Y = (-3678, 3934), (-2478, 2587)
MS = 11.25


def story():
    """Frames as (milliseconds, [(track, slot, x, y, pressure, major, minor)]), positions as the kernel has them."""
    frames = []
    for n in range(24):
        touches = []
        if n < 22:
            touches.append((31, 0, -100 + 3 * n, 200 - 2 * n, min(253, 8 * n), 300 + 4 * n, 240 + 4 * (n // 2)))
        if 8 <= n < 20:
            touches.append((32, 1, 1500, -700 + 5 * n, 60 if n < 14 else 64, 280, 200))
        frames.append((int(n * MS), touches))
    return frames


def events():
    """The events of the story, as a kernel sends them: only what changes, in slots."""
    slots, current, sent = {}, 0, []
    yield_ = sent.append
    for ms, touches in story():
        time = ms * 1000 + 17
        here = {slot: (track, x, y, pressure, major, minor) for track, slot, x, y, pressure, major, minor in touches}
        for slot in (0, 1):
            old, new = slots.get(slot, {}), here.get(slot)
            track = new[0] if new else -1
            values = {}
            if old.get(0x39, -1) != track:
                values[0x39] = track
            if new:
                for code, value in zip((0x35, 0x36, 0x3A, 0x30, 0x31), new[1:]):
                    if old.get(code) != value:
                        values[code] = value
            if not values:
                continue
            if current != slot:
                yield_((time, 3, 0x2F, slot))
                current = slot
            for code, value in values.items():
                yield_((time, 3, code, value))
            slots.setdefault(slot, {}).update(values)
        # What a single touch looks like, which readers must pass over.
        yield_((time, 3, 0x18, touches[0][4] if touches else 0))
        yield_((time, 0, 0, 0))
    return sent


AXES = [(0x00, *X, 16, 0, 47), (0x01, *Y, 16, 0, 44), (0x18, 0, 253, 0, 0, 0), (0x2F, 0, 15, 0, 0, 0),
        (0x30, 0, 1020, 0, 0, 0), (0x31, 0, 1020, 0, 0, 0), (0x35, *X, 16, 0, 47), (0x36, *Y, 16, 0, 44),
        (0x39, 0, 65535, 0, 0, 0), (0x3A, 0, 253, 0, 0, 0)]


def libinput(dropped=False):
    out = ["# libinput record", "version: 1", "ndevices: 2", "libinput:", '  version: "1.26.0"', "system:",
           '  os: "made:by-rule"', "devices:",
           "- node: /dev/input/event3", "  evdev:", '    name: "A keyboard, simulated"', "    id: [3, 1, 1, 1]",
           "    codes:", "      0: [0, 1, 4] # EV_SYN", "    absinfo:", "  events:",
           "- node: /dev/input/event7", "  evdev:", "    # Size in mm: 160x114",
           '    name: "Apple Inc. Magic Trackpad, simulated: nothing was measured"', "    id: [3, 1452, 613, 272]",
           "    absinfo:"]
    out += [f"      {code}: [{', '.join(map(str, rest))}]" for code, *rest in AXES]
    out += ["    properties: [0, 2]", "  hid: [", "    5, 1, 9, 2, 161,", "    1, 9, 1]", "  udev:",
            "    properties:", "    - ID_INPUT=1", "    - ID_INPUT_TOUCHPAD=1", "  quirks:", "  events:",
            "  # Current time is 12:00:00"]
    fresh, count = True, 0
    for time, kind, code, value in events():
        if fresh:
            out.append("  - evdev:")
        fresh = kind == 0
        count += fresh
        seconds, micros = divmod(time, 1_000_000)
        out.append(f"    - [{seconds:3}, {micros:6}, {kind:3}, {code:3}, {value:7}] # made")
        if dropped and fresh and count == 10:
            out += ["  - evdev:", f"    - [{seconds:3}, {micros + 9:6}, 0, 3, 0] # SYN_DROPPED",
                    f"    - [{seconds:3}, {micros + 9:6}, 3, 58, 1]", f"    - [{seconds:3}, {micros + 9:6}, 0, 0, 0]"]
    return "\n".join(out) + "\n"


def evemu():
    out = ["# EVEMU 1.3", "# Simulated: nothing was measured.", "N: A haptic pad, simulated", "I: 0018 06cb 0001 0100",
           "P: 05 00 00 00 00 00 00 00", "B: 00 0b 00 00 00 00 00 00 00"]
    for code, *rest in AXES:
        if code == 0x3A:
            rest[4] = 1
        out.append(f"A: {code:02x} {' '.join(map(str, rest))}")
    for time, kind, code, value in events():
        seconds, micros = divmod(time, 1_000_000)
        out.append(f"E: {seconds}.{micros:06} {kind:04x} {code:04x} {value:04}\t# made")
    return "\n".join(out) + "\n"


NAMES = {0x00: "ABS_X", 0x01: "ABS_Y", 0x18: "ABS_PRESSURE", 0x2F: "ABS_MT_SLOT", 0x30: "ABS_MT_TOUCH_MAJOR",
         0x31: "ABS_MT_TOUCH_MINOR", 0x35: "ABS_MT_POSITION_X", 0x36: "ABS_MT_POSITION_Y",
         0x39: "ABS_MT_TRACKING_ID", 0x3A: "ABS_MT_PRESSURE"}


def evtest():
    """What evtest prints on a terminal: fuzz, flat and resolution only where they are not 0."""
    out = ["$ sudo evtest /dev/input/event7", "Input driver version is 1.0.1",
           "Input device ID: bus 0x3 vendor 0x5ac product 0x265 version 0x110",
           'Input device name: "Apple Inc. Magic Trackpad, simulated: nothing was measured"', "Supported events:",
           "  Event type 0 (EV_SYN)", "  Event type 1 (EV_KEY)", "    Event code 272 (BTN_LEFT)", "  Event type 3 (EV_ABS)"]
    for code, least, most, fuzz, flat, resolution in AXES:
        out += [f"    Event code {code} ({NAMES[code]})", "      Value      0", f"      Min   {least:6}", f"      Max   {most:6}"]
        out += [f"      {name:6}{value:6}" for name, value in (("Fuzz", fuzz), ("Flat", flat), ("Resolution", resolution)) if value]
    out += ["Properties:", "  Property type 0 (INPUT_PROP_POINTER)", "Testing ... (interrupt to exit)"]
    for time, kind, code, value in events():
        seconds, micros = divmod(time, 1_000_000)
        when = f"Event: time {seconds}.{micros:06}, "
        if kind == 0:
            out.append(when + "-------------- SYN_REPORT ------------")
        else:
            out.append(when + f"type {kind} (EV_ABS), code {code} ({NAMES[code]}), value {value}")
    return "\n".join(out) + "\n"


def contact(track, x, y, pressure, major, minor, state):
    word = (x & 0x1FFF) | (-y & 0x1FFF) << 13 | (2 + track % 2) << 26 | state << 29
    return struct.pack("<IBBBBB", word, major // 4, minor // 4, 40, pressure, (track & 15) | 4 << 5)


def hid(bus):
    start = 2_097_000  # milliseconds of the pad's clock, shortly before it starts anew
    out = ["# Simulated: nothing was measured.", "D: 0", "R: 4 05 01 09 02", "N: Apple Inc. Magic Trackpad, simulated",
           "P: made/input0", f"I: {bus} {'05ac 0324' if bus == 3 else '004c 0265'}"]
    seen = set()
    for ms, touches in story():
        t = (start + ms) % (1 << 21)
        head = bytes([0x31]) + (t << 3).to_bytes(3, "little")
        if bus == 3:
            head = bytes([2, 0, 0, 0, 0, 0, 0, 0]) + head
        body = b""
        for track, _, x, y, pressure, major, minor in touches:
            body += contact(track, x, y, pressure, major, minor, 4 if track in seen else 3)
            seen.add(track)
        report = head + body
        micros = ms * 1000 + 300
        out.append(f"E: {micros // 1_000_000:06}.{micros % 1_000_000:06} {len(report)} {report.hex(' ')}")
        if ms == 0:
            out.append("E: 000000.000400 3 90 00 55")
    return "\n".join(out) + "\n"


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def framework():
    """The story twice, as macOS tells it, on two pads: (number, arrival, device, id, seconds, contacts)."""
    number, rows = 0, []
    for ms, touches in story():
        for device, identity in ((0, 0x0400000000000001), (1, 0x0400000000000002)):
            if device == 1 and ms % 2:
                continue
            number += 1
            contacts = []
            for track, _, x, y, pressure, major, minor in touches[: 2 - device]:
                at = (x - X[0]) / (X[1] - X[0]), (Y[1] - y) / (Y[1] - Y[0])
                contacts.append((track % 16, 4, *map(f32, (*at, 0.4375, 2 * (pressure // 2), major / 43.7, minor / 43.7,
                                                           math.pi / 2, 0.9375))))
            rows.append((number, ms * 1_000_000 + 100 * device, device, identity, 2227.465 + ms / 1000, contacts))
    return rows


def table():
    out = ["frame_seq,arrival_ns,device_index,device_id,timestamp_s,contact_count,contact_index,contact_id,state,"
           "x,y,total,pressure,major,minor,angle,density"]
    for number, arrival, device, identity, seconds, contacts in framework():
        head = f"{number},{arrival},{device},{identity:#018x},{seconds!r},{len(contacts)},"
        if not contacts:
            out.append(head + "," * 10)
        for index, (track, state, *values) in enumerate(contacts):
            out.append(head + f"{index},{track},{state}," + ",".join(f"{value:.9g}" for value in values))
    return "\n".join(out) + "\n"


def record(payload, ticks, device, identity, vendor=0, product=0):
    return struct.pack("<iqiIIIHHBB", len(payload), ticks, device, identity & 0xFFFFFFFF, vendor, product, 0, 0, 0, 0) + payload


def described(platform, frames):
    told = {"capturedAt": "simulated", "platform": platform, "schema": "g2k-replay-v1", "source": "simulated", "type": "meta"}
    if frames is not None:
        told["framesCaptured"] = frames
    return json.dumps(dict(sorted(told.items())), separators=(",", ":")).encode()


def frame(number, seconds, identity, contacts):
    payload = b"RFV3" + struct.pack("<QdQHH", number, seconds, identity, len(contacts), 0)
    for track, state, *values in contacts:
        payload += struct.pack("<i8fB3x", track, *values, state)
    return payload


def atpcap():
    frames = framework()
    out = b"ATPCAP01" + struct.pack("<iq", 3, 1_000_000_000)
    out += record(described("macOS", len(frames)), 0, -1, 0)
    for number, arrival, device, identity, seconds, contacts in frames:
        out += record(frame(number, seconds, identity, contacts), arrival, device, identity)
    return out


def atpcap_linux():
    """The story as the program writes it on Linux: counters of each device from 0, which begin again where a device
    is opened again; y from the top; state 1; pressure in 255th parts, twice; and arrivals by a clock that began later
    than the recording, whose own time is cut at 0."""
    base = -20_000_000
    out = b"ATPCAP01" + struct.pack("<iq", 3, 1_000_000_000)
    out += record(described("linux", None), base, -1, 0)
    for device, identity in ((0, 0x51), (1, 0x52)):
        for count, (ms, touches) in enumerate(story()):
            arrival = base - 15_000_000 + ms * 1_000_000
            contacts = []
            for track, _, x, y, pressure, major, minor in touches[: 2 - device]:
                share = f32(pressure / 255)
                at = f32((x - X[0]) / (X[1] - X[0])), f32((y - Y[0]) / (Y[1] - Y[0]))
                contacts.append((track, 1, *at, share, share, 0.0, 0.0, 0.0, 0.0))
            seconds = max(0.0, (arrival - base) / 1e9)
            number = count if device == 0 or count < 12 else count - 12
            product = 0x0265 if device == 0 else 0x0324
            out += record(frame(number, seconds, identity, contacts), arrival, device, identity, 0x05AC, product)
    return out


def atpcap_windows():
    """As on Windows: no frames told beforehand, y from the bottom, states 4 and 2, and no force."""
    ticks = 10_000_000
    out = b"ATPCAP01" + struct.pack("<iq", 3, ticks)
    out += record(described("windows", 0), 5 * ticks, -1, 0)
    for number, (ms, touches) in enumerate(story(), 1):
        arrival = 5 * ticks + ms * ticks // 1000
        contacts = []
        for track, slot, x, y, *_ in touches:
            at = f32((x - X[0]) / (X[1] - X[0])), f32((Y[1] - y) / (Y[1] - Y[0]))
            contacts.append((track, 2 if slot else 4, *at, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
        out += record(frame(number, arrival / ticks, 0x61, contacts), arrival, 0, 0x61, 0x05AC, 0x0265)
    return out


def write(name, content):
    (HERE / name).write_bytes(content if isinstance(content, bytes) else content.encode())


if __name__ == "__main__":
    write("trackpad.yml", libinput())
    write("dropped.yml", libinput(dropped=True))
    write("haptic.evemu", evemu())
    write("trackpad.evtest", evtest())
    write("usb-c.hid", hid(3))
    write("bluetooth.hid", hid(5))
    write("two-pads.csv", table())
    write("two-pads.atpcap", atpcap())
    write("linux.atpcap", atpcap_linux())
    write("windows.atpcap", atpcap_windows())
