// Generated from rig/adapter/regmap.yaml by `python -m rig.adapter.regmap`; do not edit.
// Constants of the register map, for inclusion inside a module. REG_ and WIN_ are byte addresses, _LSB and
// _WIDTH place a field, CNT_ is a word index within the counters, RX_HEADER_ an octet offset in a receive
// header, RX_STATUS_ a bit number in its status.

// Every module that includes this file uses some of the constants only, which is no mistake.
/* verilator lint_off UNUSEDPARAM */
localparam [31:0] MAP_HASH = 32'hC61EC00F;
localparam integer MAP_VERSION = 1;

localparam [14:0] REG_ID = 15'h0000;
localparam [31:0] ID_RESET = 32'h4E490001;
localparam integer ID_VERSION_LSB = 0;
localparam integer ID_VERSION_WIDTH = 16;
localparam integer ID_MAGIC_LSB = 16;
localparam integer ID_MAGIC_WIDTH = 16;

localparam [14:0] REG_CAPS = 15'h0004;
localparam [31:0] CAPS_RESET = 32'h00000000;
localparam integer CAPS_BUFFER_PAGES_LSB = 0;
localparam integer CAPS_BUFFER_PAGES_WIDTH = 8;
localparam integer CAPS_COL_SYNC_LSB = 8;
localparam integer CAPS_COL_SYNC_WIDTH = 2;
localparam integer CAPS_CRS_SYNC_LSB = 10;
localparam integer CAPS_CRS_SYNC_WIDTH = 2;
localparam integer CAPS_TX_SLOTS_LSB = 12;
localparam integer CAPS_TX_SLOTS_WIDTH = 4;
localparam integer CAPS_BUS_CYCLES_LSB = 16;
localparam integer CAPS_BUS_CYCLES_WIDTH = 4;
localparam integer CAPS_RMII_LSB = 20;
localparam integer CAPS_RMII_WIDTH = 1;

localparam [14:0] REG_MAP_HASH = 15'h0008;
localparam [31:0] MAP_HASH_RESET = 32'h00000000;

localparam [14:0] REG_BUS_HZ = 15'h000C;
localparam [31:0] BUS_HZ_RESET = 32'h00000000;
localparam integer BUS_HZ_HZ_LSB = 0;
localparam integer BUS_HZ_HZ_WIDTH = 32;

localparam [14:0] REG_CTRL = 15'h0010;
localparam [31:0] CTRL_RESET = 32'h000000F0;
localparam integer CTRL_TX_EN_LSB = 0;
localparam integer CTRL_TX_EN_WIDTH = 1;
localparam integer CTRL_RX_EN_LSB = 1;
localparam integer CTRL_RX_EN_WIDTH = 1;
localparam integer CTRL_FULL_DUPLEX_LSB = 2;
localparam integer CTRL_FULL_DUPLEX_WIDTH = 1;
localparam integer CTRL_SPEED100_LSB = 3;
localparam integer CTRL_SPEED100_WIDTH = 1;
localparam integer CTRL_PAD_EN_LSB = 4;
localparam integer CTRL_PAD_EN_WIDTH = 1;
localparam integer CTRL_FCS_EN_LSB = 5;
localparam integer CTRL_FCS_EN_WIDTH = 1;
localparam integer CTRL_LATE_RETRY_LSB = 6;
localparam integer CTRL_LATE_RETRY_WIDTH = 1;
localparam integer CTRL_DEFER_FOREVER_LSB = 7;
localparam integer CTRL_DEFER_FOREVER_WIDTH = 1;
localparam integer CTRL_LOOPBACK_LSB = 8;
localparam integer CTRL_LOOPBACK_WIDTH = 1;
localparam integer CTRL_NO_BACKOFF_LSB = 9;
localparam integer CTRL_NO_BACKOFF_WIDTH = 1;
localparam integer CTRL_FORCE_COL_LSB = 10;
localparam integer CTRL_FORCE_COL_WIDTH = 1;
localparam integer CTRL_SOFT_RESET_LSB = 31;
localparam integer CTRL_SOFT_RESET_WIDTH = 1;

localparam [14:0] REG_STATUS = 15'h0014;
localparam [31:0] STATUS_RESET = 32'h00000000;
localparam integer STATUS_LINK_LSB = 0;
localparam integer STATUS_LINK_WIDTH = 1;
localparam integer STATUS_CRS_LSB = 1;
localparam integer STATUS_CRS_WIDTH = 1;
localparam integer STATUS_COL_LSB = 2;
localparam integer STATUS_COL_WIDTH = 1;
localparam integer STATUS_DEFERRING_LSB = 3;
localparam integer STATUS_DEFERRING_WIDTH = 1;
localparam integer STATUS_TX_BUSY_LSB = 4;
localparam integer STATUS_TX_BUSY_WIDTH = 1;
localparam integer STATUS_RX_BUSY_LSB = 5;
localparam integer STATUS_RX_BUSY_WIDTH = 1;
localparam integer STATUS_JABBER_LSB = 6;
localparam integer STATUS_JABBER_WIDTH = 1;
localparam integer STATUS_POLARITY_LSB = 7;
localparam integer STATUS_POLARITY_WIDTH = 1;

localparam [14:0] REG_INT_STATUS = 15'h0018;
localparam [31:0] INT_STATUS_RESET = 32'h00000000;
localparam integer INT_STATUS_RX_LSB = 0;
localparam integer INT_STATUS_RX_WIDTH = 1;
localparam integer INT_STATUS_TX_LSB = 1;
localparam integer INT_STATUS_TX_WIDTH = 1;
localparam integer INT_STATUS_RX_ERR_LSB = 2;
localparam integer INT_STATUS_RX_ERR_WIDTH = 1;
localparam integer INT_STATUS_TX_ERR_LSB = 3;
localparam integer INT_STATUS_TX_ERR_WIDTH = 1;
localparam integer INT_STATUS_RX_OVERRUN_LSB = 4;
localparam integer INT_STATUS_RX_OVERRUN_WIDTH = 1;
localparam integer INT_STATUS_COUNTER_HALF_LSB = 5;
localparam integer INT_STATUS_COUNTER_HALF_WIDTH = 1;
localparam integer INT_STATUS_LINK_CHANGE_LSB = 6;
localparam integer INT_STATUS_LINK_CHANGE_WIDTH = 1;
localparam integer INT_STATUS_MDIO_DONE_LSB = 7;
localparam integer INT_STATUS_MDIO_DONE_WIDTH = 1;

localparam [14:0] REG_INT_MASK = 15'h001C;
localparam [31:0] INT_MASK_RESET = 32'h00000000;
localparam integer INT_MASK_MASK_LSB = 0;
localparam integer INT_MASK_MASK_WIDTH = 8;

localparam [14:0] REG_IRQ_MODERATION = 15'h0020;
localparam [31:0] IRQ_MODERATION_RESET = 32'h00000000;
localparam integer IRQ_MODERATION_COUNT_LSB = 0;
localparam integer IRQ_MODERATION_COUNT_WIDTH = 8;
localparam integer IRQ_MODERATION_TIME_LSB = 8;
localparam integer IRQ_MODERATION_TIME_WIDTH = 16;

localparam [14:0] REG_IPG = 15'h0024;
localparam [31:0] IPG_RESET = 32'h00002040;
localparam integer IPG_PART1_LSB = 0;
localparam integer IPG_PART1_WIDTH = 8;
localparam integer IPG_PART2_LSB = 8;
localparam integer IPG_PART2_WIDTH = 8;

localparam [14:0] REG_COLLISION_CFG = 15'h0028;
localparam [31:0] COLLISION_CFG_RESET = 32'h2020010A;
localparam integer COLLISION_CFG_ATTEMPT_LIMIT_LSB = 4;
localparam integer COLLISION_CFG_ATTEMPT_LIMIT_WIDTH = 5;
localparam integer COLLISION_CFG_BACKOFF_LIMIT_LSB = 0;
localparam integer COLLISION_CFG_BACKOFF_LIMIT_WIDTH = 4;
localparam integer COLLISION_CFG_SLOT_TIME_LSB = 12;
localparam integer COLLISION_CFG_SLOT_TIME_WIDTH = 10;
localparam integer COLLISION_CFG_JAM_SIZE_LSB = 24;
localparam integer COLLISION_CFG_JAM_SIZE_WIDTH = 8;

localparam [14:0] REG_BACKOFF_SEED = 15'h002C;
localparam [31:0] BACKOFF_SEED_RESET = 32'h00000000;
localparam integer BACKOFF_SEED_SEED_LSB = 0;
localparam integer BACKOFF_SEED_SEED_WIDTH = 32;

localparam [14:0] REG_BACKOFF_INJECT = 15'h0030;
localparam [31:0] BACKOFF_INJECT_RESET = 32'h00000000;
localparam integer BACKOFF_INJECT_WORD_LSB = 0;
localparam integer BACKOFF_INJECT_WORD_WIDTH = 16;

localparam [14:0] REG_MAC_ADDR_LO = 15'h0034;
localparam [31:0] MAC_ADDR_LO_RESET = 32'h00000000;
localparam integer MAC_ADDR_LO_OCTETS_0_3_LSB = 0;
localparam integer MAC_ADDR_LO_OCTETS_0_3_WIDTH = 32;

localparam [14:0] REG_MAC_ADDR_HI = 15'h0038;
localparam [31:0] MAC_ADDR_HI_RESET = 32'h00000000;
localparam integer MAC_ADDR_HI_OCTETS_4_5_LSB = 0;
localparam integer MAC_ADDR_HI_OCTETS_4_5_WIDTH = 16;

localparam [14:0] REG_MHASH_LO = 15'h003C;
localparam [31:0] MHASH_LO_RESET = 32'h00000000;
localparam integer MHASH_LO_ENTRIES_LSB = 0;
localparam integer MHASH_LO_ENTRIES_WIDTH = 32;

localparam [14:0] REG_MHASH_HI = 15'h0040;
localparam [31:0] MHASH_HI_RESET = 32'h00000000;
localparam integer MHASH_HI_ENTRIES_LSB = 0;
localparam integer MHASH_HI_ENTRIES_WIDTH = 32;

localparam [14:0] REG_RX_CFG = 15'h0044;
localparam [31:0] RX_CFG_RESET = 32'h05EE0002;
localparam integer RX_CFG_PROMISC_LSB = 0;
localparam integer RX_CFG_PROMISC_WIDTH = 1;
localparam integer RX_CFG_BCAST_LSB = 1;
localparam integer RX_CFG_BCAST_WIDTH = 1;
localparam integer RX_CFG_MCAST_LSB = 2;
localparam integer RX_CFG_MCAST_WIDTH = 1;
localparam integer RX_CFG_ACCEPT_RUNT_LSB = 3;
localparam integer RX_CFG_ACCEPT_RUNT_WIDTH = 1;
localparam integer RX_CFG_ACCEPT_ERR_LSB = 4;
localparam integer RX_CFG_ACCEPT_ERR_WIDTH = 1;
localparam integer RX_CFG_MAX_FRAME_LSB = 16;
localparam integer RX_CFG_MAX_FRAME_WIDTH = 11;

localparam [14:0] REG_RX_START = 15'h0048;
localparam [31:0] RX_START_RESET = 32'h00000000;
localparam integer RX_START_PAGE_LSB = 0;
localparam integer RX_START_PAGE_WIDTH = 8;

localparam [14:0] REG_RX_STOP = 15'h004C;
localparam [31:0] RX_STOP_RESET = 32'h00000000;
localparam integer RX_STOP_PAGE_LSB = 0;
localparam integer RX_STOP_PAGE_WIDTH = 8;

localparam [14:0] REG_RX_BNRY = 15'h0050;
localparam [31:0] RX_BNRY_RESET = 32'h00000000;
localparam integer RX_BNRY_PAGE_LSB = 0;
localparam integer RX_BNRY_PAGE_WIDTH = 8;

localparam [14:0] REG_RX_CURR = 15'h0054;
localparam [31:0] RX_CURR_RESET = 32'h00000000;
localparam integer RX_CURR_PAGE_LSB = 0;
localparam integer RX_CURR_PAGE_WIDTH = 8;

localparam [14:0] REG_TIME_LO = 15'h0058;
localparam [31:0] TIME_LO_RESET = 32'h00000000;
localparam integer TIME_LO_NS_LSB = 0;
localparam integer TIME_LO_NS_WIDTH = 32;

localparam [14:0] REG_TIME_HI = 15'h005C;
localparam [31:0] TIME_HI_RESET = 32'h00000000;
localparam integer TIME_HI_NS_LSB = 0;
localparam integer TIME_HI_NS_WIDTH = 32;

localparam [14:0] REG_PAUSE_CFG = 15'h0060;
localparam [31:0] PAUSE_CFG_RESET = 32'h00000000;
localparam integer PAUSE_CFG_QUANTA_LSB = 0;
localparam integer PAUSE_CFG_QUANTA_WIDTH = 16;
localparam integer PAUSE_CFG_RX_ENABLE_LSB = 16;
localparam integer PAUSE_CFG_RX_ENABLE_WIDTH = 1;
localparam integer PAUSE_CFG_SEND_LSB = 17;
localparam integer PAUSE_CFG_SEND_WIDTH = 1;

localparam [14:0] REG_MDIO = 15'h0064;
localparam [31:0] MDIO_RESET = 32'h00000000;
localparam integer MDIO_DATA_LSB = 0;
localparam integer MDIO_DATA_WIDTH = 16;
localparam integer MDIO_REGAD_LSB = 16;
localparam integer MDIO_REGAD_WIDTH = 5;
localparam integer MDIO_PHYAD_LSB = 21;
localparam integer MDIO_PHYAD_WIDTH = 5;
localparam integer MDIO_WRITE_LSB = 26;
localparam integer MDIO_WRITE_WIDTH = 1;
localparam integer MDIO_NO_PREAMBLE_LSB = 27;
localparam integer MDIO_NO_PREAMBLE_WIDTH = 1;
localparam integer MDIO_NO_ANSWER_LSB = 30;
localparam integer MDIO_NO_ANSWER_WIDTH = 1;
localparam integer MDIO_BUSY_LSB = 31;
localparam integer MDIO_BUSY_WIDTH = 1;

localparam [14:0] REG_ERROR = 15'h0068;
localparam [31:0] ERROR_RESET = 32'h00000000;
localparam integer ERROR_TX_LENGTH_LSB = 0;
localparam integer ERROR_TX_LENGTH_WIDTH = 1;
localparam integer ERROR_RING_CONFIG_LSB = 1;
localparam integer ERROR_RING_CONFIG_WIDTH = 1;
localparam integer ERROR_TX_BUSY_SLOT_LSB = 2;
localparam integer ERROR_TX_BUSY_SLOT_WIDTH = 1;

localparam [14:0] REG_TX_PAGE = 15'h0080;
localparam [31:0] TX_PAGE_RESET = 32'h00000000;
localparam integer TX_PAGE_PAGE_LSB = 0;
localparam integer TX_PAGE_PAGE_WIDTH = 8;

localparam [14:0] REG_TX_OCTETS = 15'h0084;
localparam [31:0] TX_OCTETS_RESET = 32'h00000000;
localparam integer TX_OCTETS_OCTETS_LSB = 0;
localparam integer TX_OCTETS_OCTETS_WIDTH = 11;

localparam [14:0] REG_TX_COMMAND = 15'h0088;
localparam [31:0] TX_COMMAND_RESET = 32'h00000000;
localparam integer TX_COMMAND_SEND_LSB = 0;
localparam integer TX_COMMAND_SEND_WIDTH = 1;

localparam [14:0] REG_TX_STATUS = 15'h008C;
localparam [31:0] TX_STATUS_RESET = 32'h00000000;
localparam integer TX_STATUS_OK_LSB = 0;
localparam integer TX_STATUS_OK_WIDTH = 1;
localparam integer TX_STATUS_COLLISIONS_LSB = 1;
localparam integer TX_STATUS_COLLISIONS_WIDTH = 5;
localparam integer TX_STATUS_DEFERRED_LSB = 6;
localparam integer TX_STATUS_DEFERRED_WIDTH = 1;
localparam integer TX_STATUS_EXC_DEFERRAL_LSB = 7;
localparam integer TX_STATUS_EXC_DEFERRAL_WIDTH = 1;
localparam integer TX_STATUS_LATE_COL_LSB = 8;
localparam integer TX_STATUS_LATE_COL_WIDTH = 1;
localparam integer TX_STATUS_EXC_COL_LSB = 9;
localparam integer TX_STATUS_EXC_COL_WIDTH = 1;
localparam integer TX_STATUS_CRS_LOST_LSB = 10;
localparam integer TX_STATUS_CRS_LOST_WIDTH = 1;
localparam integer TX_STATUS_SQE_MISSING_LSB = 11;
localparam integer TX_STATUS_SQE_MISSING_WIDTH = 1;
localparam integer TX_STATUS_UNDERRUN_LSB = 12;
localparam integer TX_STATUS_UNDERRUN_WIDTH = 1;
localparam integer TX_STATUS_BAD_COMMAND_LSB = 13;
localparam integer TX_STATUS_BAD_COMMAND_WIDTH = 1;
localparam integer TX_STATUS_DONE_LSB = 31;
localparam integer TX_STATUS_DONE_WIDTH = 1;

localparam integer TX_SLOT_STRIDE = 16;
localparam integer TX_SLOT_COUNT = 4;

localparam [14:0] WIN_ROM = 15'h0100;
localparam integer WIN_ROM_OCTETS = 32;
localparam [14:0] WIN_COUNTERS = 15'h0200;
localparam integer WIN_COUNTERS_OCTETS = 256;
localparam [14:0] WIN_TX_TIME = 15'h0300;
localparam integer WIN_TX_TIME_OCTETS = 32;
localparam [14:0] WIN_BUFFER = 15'h4000;
localparam integer WIN_BUFFER_OCTETS = 16384;

localparam integer CNT_AFRAMESTRANSMITTEDOK = 0;
localparam integer CNT_ASINGLECOLLISIONFRAMES = 1;
localparam integer CNT_AMULTIPLECOLLISIONFRAMES = 2;
localparam integer CNT_ADEFERREDTRANSMISSIONS = 3;
localparam integer CNT_ALATECOLLISIONS = 4;
localparam integer CNT_AFRAMESABORTEDDUETOXSCOLLS = 5;
localparam integer CNT_AFRAMESWITHEXCESSIVEDEFERRAL = 6;
localparam integer CNT_ACARRIERSENSEERRORS = 7;
localparam integer CNT_AFRAMESLOSTDUETOINTMACXMITERROR = 8;
localparam integer CNT_ASQETESTERRORS = 9;
localparam integer CNT_AOCTETSTRANSMITTEDOK = 10;
localparam integer CNT_AMULTICASTFRAMESXMITTEDOK = 11;
localparam integer CNT_ABROADCASTFRAMESXMITTEDOK = 12;
localparam integer CNT_APAUSEMACCTRLFRAMESTRANSMITTED = 13;
localparam integer CNT_AFRAMESRECEIVEDOK = 16;
localparam integer CNT_AFRAMECHECKSEQUENCEERRORS = 17;
localparam integer CNT_AALIGNMENTERRORS = 18;
localparam integer CNT_AFRAMETOOLONGERRORS = 19;
localparam integer CNT_AINRANGELENGTHERRORS = 20;
localparam integer CNT_AOUTOFRANGELENGTHFIELD = 21;
localparam integer CNT_AFRAMESLOSTDUETOINTMACRCVERROR = 22;
localparam integer CNT_AOCTETSRECEIVEDOK = 23;
localparam integer CNT_AMULTICASTFRAMESRECEIVEDOK = 24;
localparam integer CNT_ABROADCASTFRAMESRECEIVEDOK = 25;
localparam integer CNT_APAUSEMACCTRLFRAMESRECEIVED = 26;
localparam integer CNT_ASYMBOLERRORDURINGCARRIER = 27;
localparam integer CNT_ACOLLISIONFRAMES_1 = 33;
localparam integer CNT_ACOLLISIONFRAMES_2 = 34;
localparam integer CNT_ACOLLISIONFRAMES_3 = 35;
localparam integer CNT_ACOLLISIONFRAMES_4 = 36;
localparam integer CNT_ACOLLISIONFRAMES_5 = 37;
localparam integer CNT_ACOLLISIONFRAMES_6 = 38;
localparam integer CNT_ACOLLISIONFRAMES_7 = 39;
localparam integer CNT_ACOLLISIONFRAMES_8 = 40;
localparam integer CNT_ACOLLISIONFRAMES_9 = 41;
localparam integer CNT_ACOLLISIONFRAMES_10 = 42;
localparam integer CNT_ACOLLISIONFRAMES_11 = 43;
localparam integer CNT_ACOLLISIONFRAMES_12 = 44;
localparam integer CNT_ACOLLISIONFRAMES_13 = 45;
localparam integer CNT_ACOLLISIONFRAMES_14 = 46;
localparam integer CNT_ACOLLISIONFRAMES_15 = 47;

localparam integer RX_HEADER_OCTETS = 16;
localparam integer RX_HEADER_STATUS = 0;
localparam integer RX_HEADER_FRAME_OCTETS = 2;
localparam integer RX_HEADER_NEXT_PAGE = 4;
localparam integer RX_HEADER_TIMESTAMP_NS = 8;

localparam integer RX_STATUS_OK = 0;
localparam integer RX_STATUS_FCS_ERROR = 1;
localparam integer RX_STATUS_ALIGNMENT_ERROR = 2;
localparam integer RX_STATUS_TOO_LONG = 3;
localparam integer RX_STATUS_IN_RANGE_LENGTH = 4;
localparam integer RX_STATUS_OUT_OF_RANGE_LENGTH = 5;
localparam integer RX_STATUS_RUNT = 6;
localparam integer RX_STATUS_MULTICAST = 7;
localparam integer RX_STATUS_BROADCAST = 8;
localparam integer RX_STATUS_DRIBBLE = 9;
localparam integer RX_STATUS_SYMBOL_ERROR = 10;
/* verilator lint_on UNUSEDPARAM */
