"""Where each parameter of relay.toml does its work, for docs/parameters.md.

Each place is a function, class or method of the source; its own text must hold the
parameter's name (tests/architecture/test_parameters_page.py).
"""

from __future__ import annotations

_SETTINGS = "relay/intake/settings.py::settings_of"
_IMPLICIT = "relay/intake/settings.py::_implicit_rule"
_MDQ = "relay/dequeue/process.py::settings_of"
_ACCOUNT = "relay/account.py::become"
_RULES = "relay/policy/rulebase.py::rulebase_of"
_DECIDED = "relay/policy/rulebase.py::RuleBase._decided"
_WRITTEN = "relay/policy/rulebase.py::RuleBase._written"
_WITH_RESOURCE = "relay/policy/rulebase.py::RuleBase._with_resource"
_REWRITING = "relay/policy/rulebase.py::rewriting"
_ABOUT = "relay/policy/rules.py::misses_connection"
_MAIL = "relay/policy/rules.py::misses_mail"
_CONTENT = "relay/policy/pipeline.py::orders_of"
_SCANNER = "relay/antivirus/scanner.py::Scanner"
_HOPS = "relay/policy/hops.py::Hops._decide"
_LOGS = ("relay/intake/asmtpd.py::Process.run", "relay/dequeue/process.py::_main")
_TABLE = "relay/config/tables.py::TableReader"

PLACES: dict[str, tuple[str, ...]] = {
    "hostname": (_SETTINGS, "relay/intake/reception.py::Reception._head_complete", _MDQ),
    "rundir": ("relay/service.py::run_command", _ACCOUNT),
    "logdir": ("relay/config/parameters.py::Config.log_folder",),
    "log_size": _LOGS,
    "log_keep": _LOGS,
    "log_to": _LOGS,
    "log_to_all": _LOGS,
    "alert_command": (*_LOGS, "relay/logs/process_log.py::ProcessLog.alert"),
    "user": (_ACCOUNT,),
    "postmaster": ("relay/dequeue/settings.py::Settings.notice_terms",),
    "listen": ("relay/service.py::_listening",),
    "listen_tls": ("relay/service.py::_listening",),
    "accept_from": (_IMPLICIT,),
    "dst": (_IMPLICIT, "relay/policy/implicit.py::ImplicitRule._decide"),
    "default_server": ("relay/policy/implicit.py::ImplicitRule._decide", _DECIDED),
    "original_destination": (_SETTINGS, _IMPLICIT),
    "original_networks": (_IMPLICIT, _RULES),
    "proxy_from": (_SETTINGS,),
    "error_server": ("relay/policy/implicit.py::ImplicitRule._decide", _WRITTEN),
    "errmail": ("relay/policy/implicit.py::ImplicitRule._decide", _WRITTEN),
    "detailed_smtp_err_mail": (_MDQ,),
    "detailed_av_err_mail": (_MDQ,),
    "detailed_rb_err_mail": (_MDQ,),
    "fwauthd_conf": ("relay/source.py::Source.intake",),
    "intake_workers": ("relay/service.py::run_command", _SETTINGS),
    "max_clients": (_SETTINGS,),
    "max_clients_per_address": (_SETTINGS,),
    "max_mails_per_client": (_SETTINGS,),
    "max_mail_size": ("relay/config/parameters.py::Config.max_octets",),
    "maxrecipients": (_SETTINGS,),
    "max_errors": (_SETTINGS,),
    "max_commands": (_SETTINGS,),
    "client_idle": (_SETTINGS,),
    "data_idle": ("relay/intake/connection.py::Connection._begin",),
    "bare": (_SETTINGS, "relay/smtp/server.py::Session._go"),
    "max_line": (_SETTINGS,),
    "max_header_size": (_SETTINGS,),
    "max_header_fields": (_SETTINGS,),
    "max_hops": (_SETTINGS,),
    "tls_certificate": ("relay/certificates.py::read_first", "relay/certificates.py::renewer"),
    "tls_key": ("relay/certificates.py::read_first", "relay/certificates.py::renewer"),
    "tls_minimum": ("relay/intake/asmtpd.py::Process._context", _MDQ),
    "tls_required": ("relay/intake/connection.py::Connection",),
    "scan_period": ("relay/dequeue/mdq.py::Dequeuer._scan",),
    "resend_period": ("relay/queue/schedule.py::Schedule.failed",),
    "abandon_time": ("relay/queue/lifecycle.py::decide",),
    "delay_warning": ("relay/queue/lifecycle.py::_grows_late",),
    "max_load": ("relay/queue/limits.py::Limits.slots",),
    "accept_hand_edits": ("relay/dequeue/desk.py::Desk.take",),
    "timeout": ("relay/delivery/pool.py::Pool", "relay/antivirus/client.py::ScannerClient"),
    "max_conns": ("relay/queue/limits.py::Limits.slots",),
    "max_conns_per_site": ("relay/queue/schedule.py::Schedule._room",),
    "max_mails_per_conn": ("relay/dequeue/mdq.py::Dequeuer._start",),
    "eightbit": (
        "relay/dequeue/contents.py::Contents.converts",
        "relay/smtp/client.py::Client._gap",
    ),
    "max_mx_node_per_mail": (_MDQ,),
    "max_ips_per_mx_node": (_MDQ,),
    "mx_port": ("relay/dequeue/ways.py::Ways",),
    "dns_servers": ("relay/dequeue/ways.py::Ways.exchanges",),
    "dns_timeout": ("relay/dequeue/ways.py::Ways.exchanges",),
    "mark": ("relay/account.py::become_with_mark", "relay/dequeue/mdq.py::Dequeuer"),
    "tls": (_HOPS, "relay/delivery/pool.py::Pool._encryption"),
    "tls_ca": (_HOPS,),
    "soft_bounce": (_HOPS, "relay/delivery/connection.py::Connection"),
    "content_workers": ("relay/dequeue/judging.py::Judging",),
    "content_memory": ("relay/dequeue/judging.py::_limits",),
    "quarantine_limit": ("relay/dequeue/quarantine.py::Quarantine.take",),
    "spool_limit": ("relay/intake/space.py::Space",),
    "spool_limit_scan_period": ("relay/intake/space.py::Space.tick",),
    "min_free": ("relay/intake/space.py::Space",),
    "trash_keep": ("relay/dequeue/mdq.py::Dequeuer._clear",),
    "network.members": ("relay/policy/networks.py::resolve",),
    "network.comment": (_TABLE,),
    "rule.name": (_RULES,),
    "rule.source": (_ABOUT,),
    "rule.destination": (_ABOUT,),
    "rule.service": (_TABLE,),
    "rule.resource": (_MAIL, _RULES),
    "rule.action": ("relay/policy/rule_policy.py::RulePolicy.rcpt",),
    "rule.track": (_WRITTEN,),
    "rule.disabled": (_ABOUT,),
    "rule.comment": (_TABLE,),
    "rule.install": (_TABLE,),
    "rule.time": (_TABLE,),
    "resource.comment": (_TABLE,),
    "resource.mail_delivery_server": (_DECIDED,),
    "resource.deliver_messages_using_dns_mx_records": (_DECIDED,),
    "resource.check_rulebase_with_new_destination": ("relay/dequeue/new_destination.py::barred",),
    "resource.notify_sender_on_error": (_WITH_RESOURCE,),
    "resource.error_mail_delivery_server": (_WRITTEN,),
    "resource.error_deliver_messages_using_dns_mx_records": (_WRITTEN,),
    "resource.error_check_rulebase_with_new_destination": (
        "relay/dequeue/new_destination.py::barred",
    ),
    "resource.exception_track": (_WITH_RESOURCE,),
    "resource.match.sender": (_MAIL,),
    "resource.match.recipient": (_MAIL,),
    "resource.action_1.sender": (_REWRITING, "relay/policy/rewriting.py::Rewriter"),
    "resource.action_1.recipient": (_REWRITING, "relay/policy/rewriting.py::Rewriter"),
    "resource.action_1.custom_field": (_REWRITING,),
    "resource.action_2.strip_mime_of_type": (_CONTENT, "relay/policy/content.py::_removal"),
    "resource.action_2.strip_file_by_name": (_CONTENT, "relay/policy/content.py::_removal"),
    "resource.action_2.mail_capacity": (_CONTENT, "relay/policy/content.py::_against"),
    "resource.action_2.allowed_characters": (_CONTENT,),
    "resource.action_2.strip_script_tags": (_CONTENT, "relay/message/html/elements.py::judge"),
    "resource.action_2.strip_applet_tags": (
        *(_CONTENT, "relay/message/html/elements.py::_judge_plugin"),
    ),
    "resource.action_2.strip_activex_tags": (
        *(_CONTENT, "relay/message/html/elements.py::_judge_plugin"),
    ),
    "resource.action_2.strip_ftp_links": (
        *(_CONTENT, "relay/message/html/attributes.py::first_kind"),
    ),
    "resource.action_2.strip_port_strings": (
        *(_CONTENT, "relay/message/html/attributes.py::first_kind"),
    ),
    "resource.cvp.enable_cvp": (_WITH_RESOURCE,),
    "resource.cvp.server": (_WITH_RESOURCE,),
    "resource.cvp.allowed_to_modify_content": (_WITH_RESOURCE,),
    "resource.cvp.send_headers": (_WITH_RESOURCE,),
    "resource.cvp.reply_order": (_TABLE,),
    "scanner.protocol": (_SCANNER, "relay/antivirus/client.py::ScannerClient.scan"),
    "scanner.address": (_SCANNER, "relay/antivirus/link.py::connect"),
    "scanner.socket": (_SCANNER, "relay/antivirus/link.py::connect"),
    "scanner.service": (_SCANNER,),
    "scanner.max_size": (_SCANNER,),
    "scanner.comment": (_TABLE,),
    "destination.tls": (_HOPS,),
    "destination.tls_name": (_HOPS,),
    "destination.tls_ca": (_HOPS,),
    "destination.soft_bounce": (_HOPS,),
}
"""By the name in docs/parameters.md: `name`, or TABLE.path of a table's parameter.

What only the tables' reader knows has no effect.
"""
