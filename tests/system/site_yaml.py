"""site_yaml - the mall of the system tests: the shipped playbooks and profiles
from the source tree, patience cut short."""
import os

from rig import SOURCE

SITE = """\
site: {{id: plaza, name: {{zh: 中心广场, en: Central Plaza}}, timezone: Asia/Shanghai}}
broker: {{url: "mqtt://127.0.0.1:{port}", user: tocsin, password: {{file: {dir}/tocsin.pw}}, version: {version}}}
store: {{path: {dir}/state/tocsin.db}}
languages: [zh, en]
include: [{source}/rules/playbooks/*.yaml, {source}/rules/profiles/*.yaml]

zones:
  b2: {{name: {{zh: 地下二层, en: Basement 2}}}}
  b2-kitchen: {{in: b2, name: {{zh: 地下二层厨房, en: B2 kitchen}}}}
  b2-pumps: {{in: b2, name: {{zh: 水泵房, en: Pump room}}}}
  l1: {{name: {{zh: 一层大厅, en: Ground-floor hall}}}}
  l2: {{name: {{zh: 二层, en: Second floor}}}}
  switch-room: {{name: {{zh: 配电室, en: Switch room}}}}
  sub-room: {{name: {{zh: 变电间, en: Substation}}}}

sensors:
  gas-b2: {{kind: gas, zone: b2-kitchen, profile: zigbee2mqtt, topic: zigbee2mqtt/b2/gas, value: /gas_density, unit: "%LEL"}}
  call-b2: {{kind: callpoint, zone: b2-kitchen, topic: plc/b2/callpoint, words: {{alarm: ["1"], normal: ["0"], fault: [F]}}}}
  valve-b2: {{kind: position, zone: b2-kitchen, topic: plc/b2/gasvalve, words: {{closed: [C], open: [O]}}}}
  smoke-l1: {{kind: smoke, zone: l1, profile: shelly2, topic: "shellyplussmoke-a1b2c3/status/smoke:0"}}
  smoke-l2: {{kind: smoke, zone: l2, profile: shelly2, topic: shellyplussmoke-d4e5f6/events/rpc, value: "/params/smoke:0/alarm"}}
  leak-pumps: {{kind: leak, zone: b2-pumps, profile: tasmota, topic: tele/pumps/SENSOR, value: /Switch1}}
  leak-l2: {{kind: leak, zone: l2, profile: zigbee2mqtt, topic: zigbee2mqtt/l2/leak, value: /water_leak}}
  mains: {{kind: mains, zone: switch-room, profile: plain, topic: plc/switch-room/mains{supervised}}}
  mains-v: {{kind: mains, zone: sub-room, profile: tasmota, topic: tele/mdb1/SENSOR, value: /ENERGY/Voltage, unit: V}}

actuators:
  gas-valve-b2:
    kind: gas-valve
    zone: b2-kitchen
    serves: [b2-kitchen]
    topic: plc/b2/gasvalve/set
    actions: {{close: {{send: "C", until: {{sensor: valve-b2, is: closed}}}}, open: {{send: "O", until: {{sensor: valve-b2, is: open}}}}}}
    within: {valve}
    tries: 2
    safe_in: [gas]
    operators: [duty-electrician]
  fan-b2: {{kind: fan, zone: b2, topic: plc/b2/fan/set, actions: {{on: {{send: "ON"}}, off: {{send: "OFF"}}}}, operators: [shift-foreman]}}

people:
  wang: {{name: 王强, user: wang, language: zh, phone: "+86 138 0000 0001", channels: [{channels}]}}
  li: {{name: 李娜, user: li, language: zh, phone: "+86 138 0000 0002", channels: [{channels}]}}
  smith: {{name: Ann Smith, user: smith, language: en, phone: "+86 138 0000 0003", channels: [{channels}]}}
roles:
  duty-electrician: {{name: {{zh: 值班电工, en: duty electrician}}, holder: wang, deputy: li}}
  shift-foreman: {{name: {{zh: 领班, en: shift foreman}}, holder: li, deputy: smith}}
  engineering-supervisor: {{name: {{zh: 工程部主管, en: engineering supervisor}}, holder: smith, deputy: li}}
  maintenance: {{name: {{zh: 维修工, en: maintenance}}, covered_by: duty-electrician}}
  electricians-foreman: {{name: {{zh: 电工班长, en: foreman of the electricians}}, covered_by: shift-foreman}}
  customer-service: {{name: {{zh: 客服部, en: customer service}}, covered_by: shift-foreman}}
  security-supervisor: {{name: {{zh: 保安主管, en: security supervisor}}, covered_by: shift-foreman}}
  fire-warden: {{name: {{zh: 消防值班, en: fire warden}}, covered_by: shift-foreman}}
  property-manager: {{name: {{zh: 物业经理, en: property manager}}, covered_by: engineering-supervisor}}
  leader-on-duty: {{name: {{zh: 值班领导, en: leader on duty}}, covered_by: engineering-supervisor}}
  auditor: {{name: {{zh: 审计, en: auditor}}, holder: smith}}
  administration: {{name: {{zh: 行政部, en: administration}}, covered_by: engineering-supervisor}}
  fire-control: {{name: {{zh: 消防控制中心, en: fire control centre}}, covered_by: shift-foreman}}
  hvac-operator: {{name: {{zh: 空调值班, en: HVAC operator}}, covered_by: shift-foreman}}
chains:
  life-safety:
    levels:
      - {{call: [duty-electrician], wait: {wait}}}
      - {{call: [shift-foreman, engineering-supervisor], wait: {again}}}
    exhausted: [engineering-supervisor]
  building: {{levels: [{{call: [duty-electrician], wait: {wait}}}, {{call: [shift-foreman], wait: 5m}}]}}
channels:
  page: {{plugin: page}}
  {more_channels}

incidents:
  gas-leak:
    grades:
      warning: {{above: 10 %LEL, clear_below: 5, for: 10s, clear_for: 1s, severity: major}}
      critical: {{above: 25 %LEL, clear_below: 10, for: 200ms, clear_for: 1s, latch: true}}
  burst-pipe:
    when: {{of: {{kind: leak}}, is: alarm, for: 500ms, clear_for: 1s}}
  power-loss:
    when:
      any:
        - {{of: {{kind: mains}}, below: 180 V, clear_above: 200 V, for: 500ms, clear_for: 1s}}
        - {{of: {{kind: mains}}, is: alarm, for: 500ms, clear_for: 1s}}
"""


def text(rig, wait="300s", again="300s", version="5", channels="page", more_channels="", supervised="", valve="5s"):
    return SITE.format(port=rig.port, dir=rig.dir, source=os.path.join(SOURCE), wait=wait, again=again, version=version,
                       channels=channels, more_channels=more_channels, supervised=supervised, valve=valve)
