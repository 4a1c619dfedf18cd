#!/usr/bin/env python3
"""peer - what people write instead: a script with paho-mqtt that looks at each message, stores an alarm in SQLite
and publishes a notice. peer.py PORT FILE; ends by signal."""
import json
import sqlite3
import sys

import paho.mqtt.client as mqtt


def main():
    db = sqlite3.connect(sys.argv[2], isolation_level=None, check_same_thread=False)
    db.executescript("pragma journal_mode=wal; pragma synchronous=full; create table row(rec text)")

    def on_connect(client, *_):
        client.subscribe([("zigbee2mqtt/t/#", 0), ("zigbee2mqtt/a/#", 1)])

    def on_message(client, _, message):
        said = json.loads(message.payload)
        if said.get("temperature", 0) > 60 or said.get("alarm"):
            db.execute("insert into row values(?)", (message.payload.decode(),))
            client.publish("echo/1", message.payload, qos=1)

    client = mqtt.Client("peer")
    client.on_connect, client.on_message = on_connect, on_message
    client.connect("127.0.0.1", int(sys.argv[1]))
    client.loop_forever()


if __name__ == "__main__":
    main()
