// What each figure means and where it comes from, in both languages.

export const definitions = {
	alert_rules: [
		"告警规则是数据：阈值、持续多久触发、恢复多久关闭，由操作员调整并记入操作日志。来自 alert_rule。",
		"Rules are data: threshold, how long it must be bad, how long good again; operators change them, and it is kept. From alert_rule."],
	sources: [
		"枢纽直接读取的部门前置库：读到的位置、最近一次成功与错误。来自 GET /v1/sources。",
		"Departments' exchange databases that the hub reads: how far, when last, and what failed. From GET /v1/sources."],
	fields: [
		"近 30 天被接受的行中，各字段有值的比例。来自 quality_field_daily。",
		"Of the rows of the last 30 days, the share that has a value in each field. From quality_field_daily."],
	findings: [
		"尚未被后来的更正行关闭的问题行，按批次与行号；下载的行改正后可原样再报。来自 GET /v1/findings。",
		"Rows with findings that no later row has corrected, by batch and line. From GET /v1/findings."],
	platform: [
		"成员名单上的平台文件，与节点每两秒一次的状态：位置、版本、磁盘、证书、撤销由节点自报，一致性与日志由枢纽核对。",
		"The platform's document on the member list, and its status of every two seconds: position, version, disk, certificate and revocations are its own word, equality and trail are checked by the hub."],
	members: [
		"成员名单（控制流 0000，项目 60002）；查询与拒绝来自 usage_hourly，近 7 天与今天；日配额取自现行清单的 limits，按每个节点计。",
		"The member list (stream 0000, item 60002); questions and refusals are those of usage_hourly, 7 days and today; the quota a day is that of the catalogue's limits, at each node."],
	member: [
		"成员名单上的文件，原样。变更须记入操作日志。",
		"The document of the member list as it is. Changes are kept in the hub's trail."],
	member_actions: [
		"枢纽操作日志中以本机构为对象的操作。来自 GET /v1/actions。",
		"What operators did to this member. From GET /v1/actions."],
	trail: [
		"条目：节点所报的日志长度；枢纽已计：逐条收到并计入使用的条目；已核对：其检查点的根与这些条目一致的最大长度。",
		"Entries: the length that the node tells; counted: entries that came one by one and are in the figures of use; checked: the longest checkpoint whose root is that of those entries."],
	lookup: [
		"在节点上取一条条目及其 RFC 6962 包含证明；浏览器自行计算叶与根，并与枢纽的检查点比较。",
		"One entry with its inclusion proof (RFC 6962) at the node; the browser computes leaf and root itself and compares them with the hub's checkpoint."],
	checkpoints: [
		"每小时最大的一个检查点，签名已核对；节点不能再收回。来自 node_checkpoint。",
		"The largest checkpoint of each hour, signature checked: what the node cannot take back. From node_checkpoint."],
	versions: [
		"曾生效的各版清单及其起止。来自控制流 0000 的项目 60001 及其历史。",
		"Catalogues that were in force, from when to when. From item 60001 of stream 0000 and its history."],
	catalogue: [
		"清单文件原文：项目、提供单位、周期、方式、授权、展示期限与字段。",
		"The catalogue's own words: items, providers, cadence, mode, consent, how long they are shown, fields."],
	actions: [
		"操作员每一次变更，与变更同一事务写入，并进入枢纽自己的日志（可验证，见 GET /v1/trail/checkpoint）。",
		"Every change by an operator, written in the transaction of the change, and in the hub's own trail that anybody of them verifies (GET /v1/trail/checkpoint)."],
	items: [
		"本省各部门各项目近 30 天：连续两个周期无数据或拒收超过 5 % 为迟或低，五个周期或 20 % 为失败。",
		"Items of the province by department, 30 days: late or low after two periods without rows or above 5 % rejected, failed after five or above 20 %."],
	conflicts: [
		"多个部门说法不一的记录；按清单的优先次序采信一方。查看者角色不可见，因其写明主体。来自 GET /v1/conflicts。",
		"Records about which departments disagree, and whose word counts by the catalogue's precedence. They name subjects, so viewers do not see them. From GET /v1/conflicts."],
	report_formulas: [
		"本月评估所用指标的公式与权重；已发布月份与签名文件一致。",
		"Formulas and weights of this month's indicators; of a published month as signed."],
	rehearsal: [
		"近 24 小时批次在台账中保留的行（生效的行取自封装批次，拒收的行取其原文）由现行与候选两版清单各读一遍：现行接受而候选拒收为新拒收，反之为新接受。只看单行，跨记录的检查与旧注册号不在其中。来自 POST /v1/catalogue/rehearsal。",
		"Rows that the ledger keeps of the last 24 hours' batches (those that stand from its sealed batches, rejected ones as they came) are read by both catalogues: accepted now and rejected by the candidate is newly rejected, the other way round newly accepted. Single rows only: checks between records and numbers of before 2015 are left out. From POST /v1/catalogue/rehearsal."],
	provincial: [
		"编号 1001 起的项目是各省自己的，只属于所列省份：他省的行被拒收，数据不进入他省节点。",
		"Items from 1001 on are the provinces' own: rows of another province are rejected, and no other province's node gets a record of them."],
	applications: [
		"申请先复核、后准入，或退回；每一步记入枢纽的操作日志。admission_persons 为 2 时复核者不得准入，单独一人只能暂停或除名。",
		"An application is reviewed, then admitted, or refused; each step is in the hub's trail. With admission_persons 2 who reviewed it does not admit it, and one alone only suspends or strikes off."],
	quotas: [
		"归集清单的 limits：自上而下第一条适用的规则生效，按每个节点、每个机构计数。调整配额须签发新一版清单。",
		"The catalogue's limits: the first rule that fits counts, for each member at each node. A quota changes with a newly signed catalogue."],
	of_quota: [
		"今天（东八区）各节点对本机构计到的提问，除以其每节点日配额。来自 usage_hourly，item = 0。",
		"Questions of this member that each node's trail has today (UTC+8), by its quota a day at one node. From usage_hourly, item = 0."],
	revocation_delay: [
		"各节点 24 小时内生效的撤销中，从枢纽收到到节点生效最长的一次，由节点自报。上限为告警规则 revocation_late 的阈值。",
		"Of the revocations that took effect at the nodes within 24 hours, the longest from the hub's having it to its effect, by the nodes' own word. The bound is the threshold of the alert rule revocation_late."],
	budgets: [
		"各机构在各节点本期匿名统计（ε 的千分之一）与筛查（次数）预算的使用，由节点自报，预算与周期取自现行清单。来自 GET /v1/budgets。",
		"What members used at each node of this period's budgets of anonymised statistics (thousandths of ε) and screenings, by the nodes' own word; budget and period are those of the catalogue in force. From GET /v1/budgets."],
	budgets_spent: [
		"本期已用尽预算的账户（节点 × 机构 × 种类）个数。",
		"Accounts (node × member × kind) whose budget of this period is used up."],
	abuse_patterns: [
		"节点在一个机构一天的提问中看到的可疑模式，阈值见清单 alerts。近 30 天。来自 GET /v1/alerts/patterns。",
		"Patterns that a node saw in what one member asked on one day, by the thresholds of the catalogue's alerts. Last 30 days. From GET /v1/alerts/patterns."],
	objections_open: [
		"未办结的异议与修复申请（合并的只计一件）；中止期间不计时；逾期为应办结之日已过。来自 GET /v1/objections/clocks。",
		"Objections and applications for repair that are not decided (joined ones count once); a suspended one's clock stands; overdue: its day has passed. From GET /v1/objections/clocks."],
	gaps: [
		"近 30 天内，某节点相邻两个检查点之间没有检查点的整点小时数；条目随结束缺口的检查点补报，由枢纽逐条核对。",
		"Whole hours of the last 30 days between two checkpoints of a node in which none came; what was asked meanwhile came with the checkpoint that ended the gap and was checked entry by entry."],
	hub_keys: [
		"枢纽自己的密钥和证书。证书到期前 7 天为失败，30 天为临近；CURVE 与批次密钥不过期，启用满 key_days 天应轮换。“下一把”取自枢纽机器上的 network.json；宣布后显示有多少平台已从数据流 0000 得知。来自 GET /v1/keys。",
		"The hub's own keys and certificates. A certificate is failed 7 days before its end, late 30 days before; CURVE and batch keys do not expire and are to roll after key_days. The next one is that of network.json on the hub's machine; once announced, it shows how many platforms know it from stream 0000. From GET /v1/keys."],
	keys: [
		"各平台的密钥和证书。证书到期前 7 天为失败，30 天为临近；CURVE 密钥不过期，启用满 key_days 天应轮换。平台证书的到期日由其自报。来自 GET /v1/keys。",
		"Keys and certificates of every platform. A certificate is failed 7 days before its end, late 30 days before; CURVE keys do not expire and are to roll after key_days. Platforms say themselves when their certificate ends. From GET /v1/keys."],
	records: [
		"台账中各数据流的记录总数，含已撤回的记录，不含控制流 0000。来自 stream_state.records，在写入记录的同一事务中计数。",
		"All records of the ledger's streams, withdrawn ones included, control stream 0000 left out. From stream_state.records, counted in the transaction that writes them."],
	changes_today: [
		"今天（东八区）交来的行中，使台账发生变化的行数（质量事实的 accepted 之和）；内容未变的行不计。",
		"Rows handed in today (UTC+8) that changed the ledger: the sum of accepted in the quality facts; rows that changed nothing do not count."],
	questions_today: [
		"各节点今天（东八区）查询日志中的提问次数，按日志条目计数一次，含被拒绝的提问。来自 usage_hourly，item = 0。",
		"Questions in the trails of all nodes today (UTC+8), each entry counted once, refused ones included. From usage_hourly, item = 0."],
	delay: [
		"最近 10 秒内有报告的节点，其各数据流最近一次批次的时延（从枢纽提交到节点生效）的第 50 与第 99 百分位。",
		"Over the streams of all nodes that reported within the last 10 seconds: delay of the newest batch, from commit at the hub to applied at the node, 50th and 99th percentile."],
	nodes: [
		"成员名单上有效的平台中，最近 10 秒内向枢纽报告过状态的个数。",
		"Active platforms of the member list that told the hub their status within the last 10 seconds."],
	batches_held: [
		"因撤回或拒收比例过高而暂扣、等待操作员决定的批次数。",
		"Batches that wait for an operator because they would withdraw, or have rejected, too large a share."],
	alerts: [
		"规则的条件须持续满足一段时间才触发，持续恢复一段时间才关闭，因此不会抖动。阈值与时长见下方规则表。",
		"A rule's condition must hold for a while before the alert is raised, and be gone for a while before it is closed, so it does not flap. Thresholds and times are in the table of rules."],
	concerns: [
		"失联：10 秒内未向枢纽上报；落后：有批次提交 10 秒后节点仍未应用；不一致：节点在其位点上的状态摘要与枢纽签名的不同；日志分叉：节点签出的检查点与其先前所报条目的根不同；逾期：按清单周期应报而未报；待决：批次等待操作员。",
		"Silent: no status for 10 seconds. Behind: a batch was committed 10 seconds ago and is not applied. Differs: the node's state digest at its position is not the one the hub signed. Forked: the node signed a checkpoint whose root is not that of the entries it told. Late: nothing came by the item's cadence. Held: a batch waits for an operator."],
	map: [
		"省级平台失联、不一致或日志异常为失败；其地市平台异常、或任一类别迟报、拒收偏高为迟或低；其余有数据者为正常。",
		"Failed: the province's own platform is silent, differs or has a wrong trail. Late or low: so is one of its cities', or a category is late or rejected too much. Good: the others that have data."],
	grid: [
		"每格为一省一类，取其中最差一项：两个周期无本省数据为迟，五个周期为失败；近 30 天拒收超过 5 % 为低，超过 20 % 为失败；从无数据为无数据。来自 quality_province 与 quality_span，与报送在同一事务中累计。",
		"One province and category, as its worst item: late when two periods passed without rows of the province, failed when five did; low above 5 % rejected rows in 30 days, failed above 20 %; no data when nothing ever came. From quality_province and quality_span, counted in the transaction of the batch."],
	departments: [
		"近 30 天（东八区，按报送日）。应报按部门的项目与清单周期，自首次报送起。",
		"The last 30 days by day of hand-in (UTC+8). What is due follows from the department's items and the catalogue's cadence, since the first hand-in."],
	department: [
		"近 30 天（东八区，按报送日）。应报按清单周期，自首次报送起。",
		"The last 30 days by day of hand-in (UTC+8). What is due follows from the cadence, since the first hand-in."],
	timeliness: ["有报送的周期数 ÷ 应报周期数，自首次报送起。", "Periods in which something came ÷ periods due, since the first hand-in."],
	completeness: ["有值的字段数 ÷ 接收行的全部字段数，近 30 天。", "Values present ÷ fields of the rows taken, last 30 days."],
	accuracy: ["（行数 − 拒收）÷ 行数，近 30 天。", "(rows − rejected) ÷ rows, last 30 days."],
	consistency: ["（行数 − 与其他部门矛盾）÷ 行数，近 30 天。", "(rows − rows that another department contradicts) ÷ rows, last 30 days."],
	open_rows: ["有问题且尚无后续批次更正的行。", "Rows with findings that no later batch has corrected."],
	held: ["全量批次将撤回过多，或批次拒收过多，须由操作员放行或退回。", "A full batch would withdraw too much, or a batch has too many rejected rows: an operator releases or refuses it."],
	trend: ["每日报送的行：变更、未变、拒收。", "Rows handed in a day: changed, unchanged, rejected."],
	rules: ["近 30 天的问题，按规则与级别。", "Findings of the last 30 days by rule and severity."],
	platform_state: [
		"正常：10 秒内有上报且无积压；迟：有批次提交 10 秒后仍未应用；失败：失联、不一致、日志分叉或缺尾；无数据：从未上报或非有效。",
		"Good: reported within 10 seconds and nothing waits. Late: a batch committed 10 seconds ago is not applied. Failed: silent, unequal, or its trail is forked or short. No data: never reported, or not active."],
	proof: [
		"节点在其位点上报的状态摘要，等于枢纽在该位点签名的摘要，即为一致（两边逐条相同）。",
		"The state digest that the node reports at its position is the one that the hub signed there: both hold the same records, each one of them."],
	questions: ["各节点查询日志中的提问，每条计一次，含被拒绝的；按项目计时，每个展示的项目计一次。", "Questions in the nodes' trails, each counted once, refused ones included; by item: each item that was shown."],
	refused: ["按放行规则拒绝的提问。", "Questions that the permit refused."],
	refusals: ["被拒绝的提问，按作出拒绝的规则。", "Refused questions by the rule that refused them."],
	anonymised: ["统计与筛选：答复中没有企业名称或代码。", "Statistics and screenings: answers without names or codes."],
	authorised: ["信用报告与公开信息：针对一家企业，受保护字段须授权。", "Reports and public items: about one enterprise; protected fields need its consent."],
	trail_state: ["枢纽逐条收到叶哈希，自行计算根；节点签名的检查点根不同即为分叉，条目少于已核对即为缺尾。", "The hub gets every leaf hash and computes the root itself: another signed root is a fork, fewer entries than were checked a lost end."],
	trail_entries: ["枢纽已按顺序收到并计数的条目。", "Entries that the hub has counted, in order."],
	trails_witnessed: ["最新检查点已由枢纽联署的节点数。", "Nodes that have a checkpoint cosigned by the hub."],
	trails_forked: ["改写过已上报条目的节点，永久标记。", "Nodes that rewrote entries they had told; marked for good."],
	trails_short: ["检查点的条目少于先前核对过的节点。", "Nodes whose checkpoints have fewer entries than were checked before."],
	checkpoint: ["C2SP 签名便笺：节点一行，见证人一行。可用任何 tlog 工具核对。", "A C2SP signed note: the node's line and the witness's. Any tlog tool verifies it."],
	weights: ["各版权重及其生效月份；历版均不更改，一个月份按不晚于该月的最新版计分，已发布的月份保留其当时的权重。来自 GET /v1/assessment/weights。",
		"Each version of the weights and the month from which it counts. None is ever changed: a month is scored by the newest that is not later, and a published one keeps its own. From GET /v1/assessment/weights."],
	score: ["有数据的指标按权重的加权平均 × 100；无数据的指标不计入。", "Mean of the indicators that have data by their weights, times 100; one without data does not count."],
};
