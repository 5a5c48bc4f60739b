"""Options that hand a session's story to other programs while it runs: LSL, OSC and MQTT."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from live_sentiment.terminal.printable import printable

if TYPE_CHECKING:
    from live_sentiment.core.config import Config
    from live_sentiment.sinks.address import Address
    from live_sentiment.sinks.async_sink import AsyncSink

_LSL_NAME = "live-sentiment"


def add_outlet_options(parser: argparse.ArgumentParser) -> None:
    """Declare them."""
    group = parser.add_argument_group("live outputs", "to other programs; see docs/outlets.md")
    group.add_argument(
        "--lsl",
        nargs="?",
        const=_LSL_NAME,
        metavar="NAME",
        help="Lab Streaming Layer; NAME is live-sentiment",
    )
    group.add_argument("--osc", metavar="HOST:PORT", help="Open Sound Control")
    group.add_argument(
        "--mqtt", metavar="HOST:PORT[/TOPIC]", help="a broker; TOPIC is live-sentiment by default"
    )


def any_outlet(options: argparse.Namespace) -> bool:
    """Whether one of them is asked for."""
    return any(value is not None for value in (options.lsl, options.osc, options.mqtt))


def open_outlets(options: argparse.Namespace, config: Config) -> list[AsyncSink]:
    """The outlets asked for, not begun yet; says what will leave this machine.

    Raises:
        UsageError: a library is missing or an address is none.
    """
    from live_sentiment.sinks.async_sink import AsyncSink

    outlets = []
    if options.lsl is not None:
        from live_sentiment.sinks.lsl import LslTransport

        outlets.append(AsyncSink(LslTransport(options.lsl, config.window.hop_s), "LSL"))
        _say(f"LSL shows the streams of {options.lsl!r} to the whole local network")
    if options.osc is not None:
        from live_sentiment.sinks.address import parse_address
        from live_sentiment.sinks.osc import OscTransport

        address = parse_address(options.osc)
        outlets.append(AsyncSink(OscTransport(address), "OSC"))
        _say_if_elsewhere("OSC", address)
    if options.mqtt is not None:
        from live_sentiment.sinks.mqtt import MqttTransport, parse_broker

        broker = parse_broker(options.mqtt)
        outlets.append(AsyncSink(MqttTransport(broker), "MQTT"))
        _say_if_elsewhere("MQTT", broker.address)
    return outlets


def begin_outlets(
    outlets: list[AsyncSink], now_s: Callable[[], float], tell: Callable[[str, str], None], *, shown: bool
) -> None:
    """The session begins.

    Args:
        outlets: of it.
        now_s: session time of this moment.
        tell: takes the kind and the message of what goes wrong with one.
        shown: whether somebody sees that on a dashboard; otherwise it is printed, too.
    """

    def tell_and_print(kind: str, message: str) -> None:
        if not shown:
            _say(f"warning: {message}")
        tell(kind, message)

    for outlet in outlets:
        outlet.begin(now_s, tell_and_print)


def _say_if_elsewhere(protocol: str, address: Address) -> None:
    if not address.loopback:
        _say(f"results and words leave this machine unencrypted: {protocol} sends them to {address}")


def _say(line: str) -> None:
    print(f"live-sentiment: {printable(line)}", file=sys.stderr, flush=True)
