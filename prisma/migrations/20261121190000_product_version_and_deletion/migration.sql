-- AlterTable
-- No row is rewritten: the default is a constant.
ALTER TABLE "product" ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1;
