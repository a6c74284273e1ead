-- CreateEnum
CREATE TYPE "card_payment_status" AS ENUM ('PENDING', 'AUTHORISED', 'CAPTURED', 'REFUNDING', 'REFUNDED', 'DECLINED', 'CANCELLED', 'FAILED');

-- CreateTable
CREATE TABLE "card_payment" (
    "order_id" BIGINT NOT NULL,
    "key" TEXT NOT NULL,
    "status" "card_payment_status" NOT NULL DEFAULT 'PENDING',
    "amount_cents" BIGINT NOT NULL,
    "currency" CHAR(3) NOT NULL DEFAULT 'EUR',
    "charge_key" TEXT,
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "card_payment_pkey" PRIMARY KEY ("order_id")
);

-- CreateTable
CREATE TABLE "order_notice" (
    "message_id" UUID NOT NULL,
    "order_id" BIGINT NOT NULL,
    "topic" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "sent_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "order_notice_pkey" PRIMARY KEY ("message_id")
);

-- CreateTable
CREATE TABLE "fake_charge" (
    "key" TEXT NOT NULL,
    "amount_cents" BIGINT,
    "currency" CHAR(3) NOT NULL DEFAULT 'EUR',
    "decline_code" TEXT,
    "requests" INTEGER NOT NULL DEFAULT 0,
    "voided_at" TIMESTAMPTZ(3),
    "captured_at" TIMESTAMPTZ(3),
    "refunded_at" TIMESTAMPTZ(3),

    CONSTRAINT "fake_charge_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE UNIQUE INDEX "card_payment_key_key" ON "card_payment"("key");

-- CreateIndex
CREATE INDEX "order_notice_order_id_idx" ON "order_notice"("order_id");

-- AddForeignKey
ALTER TABLE "card_payment" ADD CONSTRAINT "card_payment_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "customer_order"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "order_notice" ADD CONSTRAINT "order_notice_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "customer_order"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The rules that the schema language cannot state
ALTER TABLE "card_payment" ADD CONSTRAINT "card_payment_amount_cents_check" CHECK ("amount_cents" >= 0),
    ADD CONSTRAINT "card_payment_charge_key_check" CHECK ("charge_key" IS NOT NULL OR "status" IN ('PENDING', 'DECLINED', 'CANCELLED', 'FAILED'));

ALTER TABLE "fake_charge" ADD CONSTRAINT "fake_charge_end_check" CHECK ("voided_at" IS NULL OR "captured_at" IS NULL),
    ADD CONSTRAINT "fake_charge_refunded_at_check" CHECK ("refunded_at" IS NULL OR "captured_at" IS NOT NULL);
